import { type PointerEvent, type RefObject, useCallback, useEffect, useLayoutEffect, useRef } from "react";

import { useTexts } from "../shared/text";
import { type Field, type FieldAction, composed, isDoubtful, textOf } from "./field";
import { type Hint, type PlateFormat, type Separator, hint, separators } from "./formats";
import { texts } from "./texts";

interface Props {
  readonly field: Field;
  readonly formats: readonly PlateFormat[];
  readonly alphabet: string;
  readonly input: RefObject<HTMLInputElement | null>;
  readonly onField: (action: FieldAction) => void;
  /** Own keypad on the screen: the system's keyboard stays away. */
  readonly touch?: boolean;
  /** "large" on the transcription page, "small" inside other pages. */
  readonly size?: "large" | "small";
}

/** One real input behind the cells: it has the focus, takes paste and keyboards of all kinds, and is what a screen reader reads. */
export function Cells({ field, formats, alphabet, input, onField, touch = false, size = "large" }: Props) {
  const t = useTexts(texts);
  useTyping(input, textOf(field), { alphabet, onField });
  const said = hint(textOf(field), formats);
  const format = formatOf(said) ?? (field.cells.length === 0 ? formats[0] : undefined);
  const places = Math.max(field.cells.length, format ? lengthOf(format) : 0, 1);
  const marks = format ? separators(format) : [];
  const point = (at: number) => (event: PointerEvent) => {
    event.preventDefault();
    input.current?.focus();
    onField({ do: "caret", at });
  };
  return (
    <div className="cells" data-size={size} style={{ "--places": places } as React.CSSProperties}>
      <input ref={input} className="cells-input" aria-label={t("field")}
        inputMode={touch ? "none" : "text"} autoComplete="off" autoCorrect="off" autoCapitalize="characters" spellCheck={false} />
      {Array.from({ length: places }, (_, at) => (
        <div className="cell-group" key={at}>
          <Marks marks={marks} at={at} />
          <Place field={field} at={at} wrong={said.kind === "misfit" && said.at === at} onPointerDown={point(Math.min(at, field.cells.length))} />
          {at === places - 1 && field.caret === places && <span className="cell-end" aria-hidden="true" />}
        </div>
      ))}
    </div>
  );
}

const formatOf = (said: Hint): PlateFormat | undefined => ("format" in said ? said.format : undefined);
const lengthOf = (format: PlateFormat): number => format.pattern.replace(/\[[^\]]*\]/gu, "A").length;

function Marks({ marks, at }: { marks: readonly Separator[]; at: number }) {
  const here = marks.filter(({ before }) => before === at).map(({ mark }) => mark).join("");
  return here === "" ? null : <span className="cell-mark" aria-hidden="true">{here}</span>;
}

function Place({ field, at, wrong, onPointerDown }: { field: Field; at: number; wrong: boolean; onPointerDown: (event: PointerEvent) => void }) {
  const cell = field.cells[at];
  const percent = cell?.confidence === null || cell === undefined ? null : Math.round(cell.confidence * 100);
  const second = cell?.choices.find((choice) => choice.text !== cell.char);
  return (
    <div className="cell-column">
      <div className="cell" data-caret={field.caret === at || undefined} data-doubtful={isDoubtful(cell) || undefined}
        data-wrong={wrong || undefined} data-kind={kindOf(cell?.char)} onPointerDown={onPointerDown} aria-hidden="true">
        {cell?.char}
      </div>
      <div className="cell-sure" data-doubtful={isDoubtful(cell) || undefined}>
        {percent !== null && <><span>{percent}</span><i className="cell-bar"><i style={{ width: `${percent}%` }} /></i></>}
      </div>
      <div className="cell-second">
        {second && percent !== null && percent < 95 && <><b data-kind={kindOf(second.text)}>{second.text}</b> {Math.round(second.confidence * 100)}</>}
      </div>
    </div>
  );
}

const kindOf = (char: string | undefined): string =>
  char === undefined ? "none" : char === "?" ? "unknown" : /\d/u.test(char) ? "digit" : "letter";

/** Takes what keyboards, phones and the clipboard put in; the commands take the other keys.
 *
 * Telephones compose words: with every character they say all of it, and nobody may change the
 * input meanwhile or they begin anew. So its value is set here, not by React.
 */
function useTyping(input: RefObject<HTMLInputElement | null>, text: string, { alphabet, onField }: Pick<Props, "alphabet" | "onField">): void {
  const now = useRef(text);
  const word = useRef<string | null>(null);
  const show = useCallback((): void => {
    if (input.current && word.current === null) input.current.value = now.current;
  }, [input]);
  useLayoutEffect(() => {
    now.current = text;
    show();
  }, [text, show]);
  useEffect(() => {
    const element = input.current;
    if (!element) return;
    const before = (event: InputEvent): void => {
      event.preventDefault();
      const said = event.data ?? event.dataTransfer?.getData("text") ?? "";
      if (word.current !== null) {
        composed(word.current, said, alphabet).forEach(onField);
        word.current = said;
      } else if (event.inputType === "insertFromPaste" || event.inputType === "insertFromDrop") onField({ do: "put", text: said, alphabet });
      else if (event.inputType.startsWith("insert")) onField({ do: "type", text: said, alphabet });
      else if (event.inputType === "deleteContentForward") onField({ do: "delete" });
      else if (event.inputType.startsWith("delete")) onField({ do: "backspace" });
    };
    // With a word that is there already where the keyboard takes it up again.
    const begun = (event: CompositionEvent): void => {
      word.current = event.data;
    };
    const over = (): void => {
      word.current = null;
      show();
    };
    element.addEventListener("beforeinput", before);
    element.addEventListener("compositionstart", begun);
    element.addEventListener("compositionend", over);
    return () => {
      element.removeEventListener("beforeinput", before);
      element.removeEventListener("compositionstart", begun);
      element.removeEventListener("compositionend", over);
    };
  }, [input, alphabet, onField, show]);
}
