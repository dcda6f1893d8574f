import { type PointerEvent, type RefObject, useEffect } from "react";

import { useTexts } from "../shared/text";
import { type Field, type FieldAction, isDoubtful, textOf } from "./field";
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
  useTyping(input, alphabet, onField);
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
      <input ref={input} className="cells-input" aria-label={t("field")} value={textOf(field)} onChange={ignore}
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

// All typing comes in through beforeinput; React wants a handler beside a controlled value.
const ignore = (): void => undefined;

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

/** Takes what keyboards, phones and the clipboard put in; the commands take the other keys. */
function useTyping(input: RefObject<HTMLInputElement | null>, alphabet: string, onField: (action: FieldAction) => void): void {
  useEffect(() => {
    const element = input.current;
    if (!element) return;
    const before = (event: InputEvent): void => {
      event.preventDefault();
      const text = event.data ?? event.dataTransfer?.getData("text") ?? "";
      if (event.inputType === "insertFromPaste" || event.inputType === "insertFromDrop") onField({ do: "put", text, alphabet });
      else if (event.inputType.startsWith("insert")) onField({ do: "type", text, alphabet });
      else if (event.inputType === "deleteContentForward") onField({ do: "delete" });
      else if (event.inputType.startsWith("delete")) onField({ do: "backspace" });
    };
    element.addEventListener("beforeinput", before);
    return () => element.removeEventListener("beforeinput", before);
  }, [input, alphabet, onField]);
}
