import { useTexts } from "../shared/text";
import { expectedAt, type PlateFormat } from "./formats";
import { type Field, textOf } from "./field";
import { texts } from "./texts";

interface Props {
  readonly field: Field;
  readonly saveWord: string;
  readonly alphabet: string;
  readonly formats: readonly PlateFormat[];
  readonly onChar: (char: string) => void;
  readonly onErase: () => void;
  readonly onUnreadable: () => void;
  readonly onUnknown: () => void;
  readonly onSkip: () => void;
  readonly onSave: () => void;
}

const ROWS = ["1234567890", "QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM"];

/** For fingers. What no format expects here is dimmed, never blocked. */
export function Keypad({ field, saveWord, alphabet, formats, ...on }: Props) {
  const t = useTexts(texts);
  const expected = expectedAt(textOf(field), field.caret, formats);
  const rest = [...alphabet].filter((char) => !ROWS.join("").includes(char)).join("");
  const rows = rest === "" ? ROWS : [...ROWS.slice(0, 1), rest, ...ROWS.slice(1)];
  return (
    // Pressing a key must not take the focus from the field.
    <div className="keypad" role="group" aria-label={t("keypad")} onPointerDown={(event) => event.preventDefault()}>
      <div className="keypad-row">
        <button type="button" className="wide" onClick={on.onUnreadable}>{t("unreadable")}</button>
        <button type="button" aria-label={t("unknown")} onClick={on.onUnknown}>?</button>
        <button type="button" onClick={on.onSkip}>{t("skip")}</button>
        <button type="button" aria-label={t("erase")} onClick={on.onErase}>⌫</button>
      </div>
      {rows.map((row, index) => (
        <div className="keypad-row" key={row}>
          {[...row].filter((char) => alphabet.includes(char)).map((char) => (
            <button key={char} type="button" className="mono" data-unexpected={(expected && !expected.has(char)) || undefined} onClick={() => on.onChar(char)}>
              {char}
            </button>
          ))}
          {index === rows.length - 1 && <button type="button" className="save" onClick={on.onSave}>{saveWord}</button>}
        </div>
      ))}
    </div>
  );
}
