import { defineTexts } from "../shared/text";

export const texts = defineTexts({
  title: { en: "Search reads", es: "Buscar lecturas" },
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
  seen_before: { en: "Seen before", es: "Vista antes" },
  none_title: { en: "No read is like this", es: "Ninguna lectura es así" },
  none_body: { en: "Try fewer characters, or one character off.", es: "Pruebe con menos caracteres, o con un carácter distinto." },
});
