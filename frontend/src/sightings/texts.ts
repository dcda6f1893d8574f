import { defineTexts } from "../shared/text";

export const texts = defineTexts({
  title: { en: "Search plates", es: "Buscar placas" },
  text: { en: "Plate", es: "Placa" },
  text_hint: { en: "? is one character, * any", es: "? es un carácter, * cualquiera" },
  near: { en: "one character off too", es: "también con un carácter distinto" },
  camera: { en: "Camera", es: "Cámara" },
  any_camera: { en: "any", es: "cualquiera" },
  since: { en: "From", es: "Desde" },
  until: { en: "To", es: "Hasta" },
  sure: { en: "Confidence from, %", es: "Confianza desde, %" },
  find: { en: "Search", es: "Buscar" },
  csv: { en: "Take away as CSV", es: "Descargar como CSV" },
  when: { en: "When", es: "Cuándo" },
  where: { en: "Video", es: "Video" },
  confidence: { en: "Confidence", es: "Confianza" },
  reviewed: { en: "reviewed", es: "revisada" },
  by_person: { en: "by a person", es: "por una persona" },
  by_person_title: { en: "A person saw it; the newest reading of this video did not.", es: "Una persona la vio; la última lectura de este video no." },
  seen_before: { en: "Seen before", es: "Vista antes" },
  none_title: { en: "No plate is like this", es: "Ninguna placa es así" },
  none_body: { en: "Try fewer characters, or one character off.", es: "Pruebe con menos caracteres, o con un carácter distinto." },
});
