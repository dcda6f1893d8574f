import { defineTexts } from "../shared/text";

export const texts = defineTexts({
  title: { en: "Two readings", es: "Dos lecturas" },
  review: { en: "Review", es: "Revisión" },
  of_passages: { en: { one: "{count} confirmed vehicle", other: "{count} confirmed vehicles" }, es: { one: "{count} vehículo confirmado", other: "{count} vehículos confirmados" } },
  none: { en: "Nothing of this video is reviewed yet. Review one of its readings first.", es: "Aún no se revisó nada de este video. Revise primero una de sus lecturas." },
  reading: { en: "Reading", es: "Lectura" },
  right: { en: "Right", es: "Correctas" },
  interval: { en: "95 % between", es: "95 % entre" },
  only: { en: "Right here alone", es: "Correctas solo aquí" },
  false: { en: "False", es: "Falsas" },
  double: { en: "Double", es: "Dobles" },
  chance: { en: "Readings that are equally good would differ as much in {share} of cases.", es: "Dos lecturas igual de buenas diferirían tanto en {share} de los casos." },
  differing: { en: "Where they differ", es: "Dónde difieren" },
  when: { en: "When", es: "Cuándo" },
  truth: { en: "Confirmed", es: "Confirmada" },
  missed: { en: "missed", es: "omitida" },
  alike: { en: "They read every confirmed vehicle alike.", es: "Leyeron igual todos los vehículos confirmados." },
  more: { en: "{count} more differ.", es: "{count} más difieren." },
});
