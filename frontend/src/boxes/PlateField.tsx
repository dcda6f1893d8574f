import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from "react";

import { Icon } from "../shared/Icon";
import { Key } from "../shared/Key";
import { useTexts } from "../shared/text";
import { Cells } from "../transcribe/Cells";
import { type FieldAction, type Field, isDoubtful, suggested, textOf, type as typed, written } from "../transcribe/field";
import { type PlateFormat, displayed, hint, isPlausible, UNKNOWN } from "../transcribe/formats";
import type { Editor, EditorBox } from "./editor";
import { height, rectToScreen, width } from "./geometry";
import { texts } from "./texts";
import { type Status, type Suggestion, comparison } from "../transcribe/session";
import type { Said } from "./wire";

interface Props {
  readonly box: EditorBox;
  readonly editor: Editor;
  readonly picture: string;
  readonly formats: readonly PlateFormat[];
  readonly alphabet: string;
  /** Null where there is none, or where the box was moved since. */
  readonly suggestion: Suggestion | null;
  /** What had been typed here when the person went to another frame. */
  readonly draft: Field | undefined;
  readonly keep: (draft: Field) => void;
  readonly save: (said: Said) => void;
  readonly leave: () => void;
}

const MOVES: Readonly<Record<string, FieldAction>> = {
  ArrowLeft: { do: "left" },
  ArrowRight: { do: "right" },
  Home: { do: "home" },
  End: { do: "end" },
  Backspace: { do: "backspace" },
  Delete: { do: "delete" },
  Insert: { do: "insert" },
  ArrowDown: { do: "choice", step: 1 },
  ArrowUp: { do: "choice", step: -1 },
  " ": { do: "doubtful" },
};

/** The text of one plate, typed beside its box under an enlarged picture of it. */
export function PlateField({ box, editor, picture, formats, alphabet, suggestion, draft, keep, save, leave }: Props) {
  const t = useTexts(texts);
  const [field, setField] = useState<Field>(() => draft ?? (box.status === "" && suggestion ? suggested(suggestion) : written(box.text)));
  const [warned, setWarned] = useState("");
  const first = useRef(field);
  const began = useRef(performance.now());
  const input = useRef<HTMLInputElement>(null);
  const onField = useCallback((action: FieldAction) => setField((now) => typed(now, action)), []);
  useEffect(() => input.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    if (field !== first.current) keep(field);
  }, [field, keep]);
  const text = textOf(field);
  const said = hint(text, formats);
  const done = (status: Status): void => save({
    text: status === "unreadable" ? "" : text,
    status,
    seconds: Math.round((performance.now() - began.current) / 10) / 100,
    suggestion: suggestion?.id ?? null,
    suggestion_outcome: comparison(suggestion, status, text).outcome,
  });
  const enter = (): void => {
    const partial = text.includes(UNKNOWN);
    if (text === "") leave();
    else if (!partial && warned !== text && !isPlausible(text, formats)) setWarned(text);
    else done(partial ? "partial" : "readable");
  };
  const onKey = (event: KeyboardEvent): void => {
    const move = MOVES[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof HTMLButtonElement && (event.key === "Enter" || event.key === " ")) return;
    if (event.repeat && (event.key === "Enter" || event.key === ".")) return event.preventDefault();
    if (move) onField(move);
    else if (event.key === "Enter") enter();
    else if (event.key === "Escape") leave();
    else if (event.key === ".") done("unreadable");
    else if (event.key === ",") onField({ do: "type", text: UNKNOWN, alphabet });
    else return;
    event.preventDefault();
  };
  return (
    <section className="plate-field" data-own-keys aria-label={t("write")} style={placeOf(box, editor)} onKeyDown={onKey}>
      <Enlarged box={box} editor={editor} picture={picture} />
      <Cells field={field} formats={formats} alphabet={alphabet} input={input} onField={onField} size="small" />
      <p className="small" role="status">
        {said.kind === "fits" && <span className="ok row"><Icon name="check" />{said.format.name} <span className="mono">{displayed(text, formats)}</span></span>}
        {suggestion && field.cells.some(isDoubtful) && <span className="t3 row">{t("doubtful")} <Key k="Space" /> <Key k="ArrowDown" /></span>}
        {warned === text && text !== "" ? <span className="warn">{t("unlikely")}</span> : (said.kind === "misfit" || said.kind === "strange") && <span className="warn mono">{displayed(text, formats)}</span>}
      </p>
      <div className="row wrap">
        <button type="button" className="button small primary" onClick={enter}>{t("save_text")} <Key k="Enter" /></button>
        <button type="button" className="button small" onClick={() => done("unreadable")}>{t("unreadable")} <Key k="." /></button>
        <button type="button" className="button small" onClick={leave}>{t("leave")} <Key k="Escape" /></button>
      </div>
    </section>
  );
}

/** Pixels on the screen. */
const WIDE = 344;
const HIGH = 214;
const SHOWN = { width: WIDE - 20, height: 84 };

/** Below the box, above it where there is no room, never off the stage. */
function placeOf(box: EditorBox, { view, stage }: Editor): React.CSSProperties {
  const at = rectToScreen(box, view);
  const below = at.y2 + 10;
  const top = below + HIGH <= stage.height ? below : at.y1 - 10 - HIGH;
  const within = (value: number, room: number): number => Math.max(Math.min(value, room - 8), 8);
  return { left: within(at.x1, stage.width - WIDE), top: within(top, stage.height - HIGH), width: WIDE };
}

function Enlarged({ box, editor: { frame }, picture }: Pick<Props, "box" | "editor" | "picture">) {
  const scale = Math.min(SHOWN.width / width(box), SHOWN.height / height(box));
  return (
    <div className="plate-enlarged" style={{ width: width(box) * scale, height: height(box) * scale }}>
      <img src={picture} alt="" draggable={false} style={{ width: frame.width, height: frame.height, transform: `scale(${scale}) translate(${-box.x1}px, ${-box.y1}px)` }} />
    </div>
  );
}
