import { defineTexts } from "../shared/text";

export const texts = defineTexts({
  all_saved: { en: "All saved", es: "Todo guardado" },
  saving: { en: "Saving {count}", es: "Guardando {count}" },
  away: {
    en: { one: "No connection for {seconds} s. 1 change waits here. Keep working.", other: "No connection for {seconds} s. {count} changes wait here. Keep working." },
    es: { one: "Sin conexión desde hace {seconds} s. 1 cambio espera aquí. Siga trabajando.", other: "Sin conexión desde hace {seconds} s. {count} cambios esperan aquí. Siga trabajando." },
  },
  away_short: { en: "Offline, {count} wait", es: "Sin conexión, {count} esperan" },
  conflicts: {
    en: { one: "1 conflict", other: "{count} conflicts" },
    es: { one: "1 conflicto", other: "{count} conflictos" },
  },
  refused: {
    en: { one: "1 not accepted", other: "{count} not accepted" },
    es: { one: "1 no aceptado", other: "{count} no aceptados" },
  },
  not_kept: {
    en: "This browser keeps nothing: close the page only when all is saved.",
    es: "Este navegador no conserva nada: cierre la página solo cuando todo esté guardado.",
  },
  look_title: { en: "Saved by two people", es: "Guardado por dos personas" },
  look: { en: "Show conflicts", es: "Mostrar conflictos" },
  conflict_body: {
    en: "Somebody saved this before yours arrived. Nothing is lost: choose which one counts.",
    es: "Alguien guardó esto antes de que llegara lo suyo. No se ha perdido nada: elija cuál vale.",
  },
  yours: { en: "yours", es: "lo suyo" },
  theirs: { en: "on the server", es: "en el servidor" },
  nothing: { en: "nothing", es: "nada" },
  refused_title: { en: "The server did not accept this", es: "El servidor no aceptó esto" },
  refused_body: { en: "{message} It was: {title}.", es: "{message} Era: {title}." },
  understood: { en: "Understood", es: "Entendido" },
});
