import { defineTexts } from "../shared/text";

export const texts = defineTexts({
  new_project: { en: "New project", es: "Proyecto nuevo" },
  make: { en: "Make the project", es: "Crear el proyecto" },
  name_hint: { en: "for example Latacunga entrance", es: "por ejemplo Entrada Latacunga" },
  time_zone: { en: "Time zone", es: "Zona horaria" },
  plates_of: { en: "Plates of", es: "Placas de" },
  none_title: { en: "Make the first project", es: "Cree el primer proyecto" },
  none_body: { en: "A project holds the recordings of one place, their plates and the models trained on them.",
    es: "Un proyecto guarda las grabaciones de un lugar, sus placas y los modelos entrenados con ellas." },
  restore: { en: "Restore a project", es: "Restaurar un proyecto" },
  restore_hint: { en: "From an archive that was made under Exports. It becomes a new project; nothing here is changed.",
    es: "Desde un archivo hecho en Exportaciones. Será un proyecto nuevo; nada de lo existente cambia." },
  archive: { en: "Archive", es: "Archivo" },
  choose_archive: { en: "Choose an archive", es: "Elegir un archivo" },
  restored: { en: "Restored as", es: "Restaurado como" },
  since: { en: "since {date}", es: "desde {date}" },
});
