import { defineTexts } from "../shared/text";

export const texts = defineTexts({
  command: { en: "Command", es: "Orden" },
  keys_own: { en: "Choose a command's key to give it another. Yours go with you to every browser.", es: "Elija la tecla de una orden para darle otra. Las suyas le siguen a cualquier navegador." },
  keys_usual: { en: "All usual keys", es: "Todas las teclas habituales" },
  key_usual: { en: "usual", es: "habitual" },
  key_change: { en: "Another key for “{name}”", es: "Otra tecla para «{name}»" },
  key_press: { en: "press a key", es: "pulse una tecla" },
  key_taken: { en: "{key} is the key of “{name}” already.", es: "{key} ya es la tecla de «{name}»." },
  key_reserved: { en: "{key} belongs to the browser.", es: "{key} pertenece al navegador." },
  key_typed: { en: "{key} is typed here; take a key with Ctrl or Alt.", es: "{key} se escribe aquí; use una tecla con Ctrl o Alt." },
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
