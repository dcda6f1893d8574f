import { defineTexts } from "../shared/text";

export const texts = defineTexts({
  offline: { en: "No connection to the server. Check that it is running; nothing typed here is lost.",
    es: "Sin conexión con el servidor. Compruebe que esté en marcha; lo escrito aquí no se pierde." },
  server_error: { en: "The server answered with error {status}. Its log says more.",
    es: "El servidor respondió con el error {status}. Su registro dice más." },
});
