import { PlateText } from "../shared/PlateText";
import { useTexts } from "../shared/text";
import { type PlateFormat, displayed } from "./formats";
import { texts } from "./texts";

/** A plate as it is shown, or that nobody can read it. */
export function TextOrWord({ text, formats }: { text: string; formats: readonly PlateFormat[] }) {
  const t = useTexts(texts);
  return text === "" ? <span className="t3">{t("unreadable").toLowerCase()}</span> : <PlateText text={displayed(text, formats)} />;
}
