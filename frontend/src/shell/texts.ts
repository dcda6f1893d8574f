import { defineTexts } from "../shared/text";

export const texts = defineTexts({
  command: { en: "Command", es: "Orden" },
  skip_to_content: { en: "Skip to the page", es: "Ir al contenido" },
  working: { en: "work is running", es: "hay trabajo en curso" },
  login_title: { en: "Log in", es: "Iniciar sesión" },
  login_again: { en: "Your session has ended. Log in to go on; what you were doing is still here.",
    es: "Su sesión terminó. Inicie sesión para continuar; lo que estaba haciendo sigue aquí." },
  login_first: { en: "LPR Studio turns recordings into plate reads.", es: "LPR Studio convierte grabaciones en lecturas de placas." },
  user_name: { en: "User name", es: "Usuario" },
  password: { en: "Password", es: "Contraseña" },
  log_in: { en: "Log in", es: "Entrar" },
});
