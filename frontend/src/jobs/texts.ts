import { defineTexts } from "../shared/text";

export const texts = defineTexts({
  queued: { en: "Waiting", es: "En espera" },
  running: { en: "Running", es: "En curso" },
  cancelling: { en: "Stopping", es: "Deteniendo" },
  succeeded: { en: "Done", es: "Terminado" },
  failed: { en: "Failed", es: "Falló" },
  cancelled: { en: "Stopped", es: "Detenido" },
  of: { en: "{done} of {total} {unit}", es: "{done} de {total} {unit}" },
  time_left: { en: "{span} left", es: "quedan {span}" },
  no_worker: { en: "Nobody is working on this.", es: "Nadie trabaja en esto." },
  no_worker_do: { en: "The job waits for a worker. Start one with", es: "El trabajo espera a un trabajador. Inicie uno con" },
  log: { en: "Log", es: "Registro" },
  work: { en: "Work", es: "Trabajo" },
  progress: { en: "Progress", es: "Avance" },
  none_title: { en: "No work has been started yet", es: "Aún no se ha iniciado ningún trabajo" },
  none_body: { en: "Uploads, frames, imports, trainings and readings show here while they run and stay for the record.",
    es: "Cargas, fotogramas, importaciones, entrenamientos y lecturas aparecen aquí mientras corren y quedan registrados." },
  took: { en: "Took", es: "Duró" },
  log_empty: { en: "Nothing was written.", es: "No se escribió nada." },
  attempt: { en: "try {attempt} of {max}", es: "intento {attempt} de {max}" },
});
