import { defineTexts } from "../shared/text";

export const texts = defineTexts({
  who: { en: "Who", es: "Quién" },
  role: { en: "Role", es: "Rol" },
  role_1: { en: "Viewer: looks", es: "Lector: mira" },
  role_2: { en: "Annotator: draws and transcribes", es: "Anotador: dibuja y transcribe" },
  role_3: { en: "Reviewer: also reviews reads", es: "Revisor: también revisa lecturas" },
  role_4: { en: "Manager: everything", es: "Responsable: todo" },
  add_title: { en: "Add somebody", es: "Agregar a alguien" },
  user_name: { en: "User name", es: "Usuario" },
  user_hint: { en: "accounts are made in the administration", es: "las cuentas se crean en la administración" },
  only_managers: { en: "Only managers change this.", es: "Solo los responsables cambian esto." },
});
