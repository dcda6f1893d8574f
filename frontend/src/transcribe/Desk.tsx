import { useCallback, useMemo } from "react";

import { Icon } from "../shared/Icon";
import { Key } from "../shared/Key";
import { useTexts } from "../shared/text";
import { Cells } from "./Cells";
import { type Field, type FieldAction, isDoubtful, textOf } from "./field";
import { type PlateFormat, hint } from "./formats";
import { Keypad } from "./Keypad";
import { type Crop, type Session, currentItem, together } from "./session";
import { Stage } from "./Stage";
import { Strip } from "./Strip";
import { TextOrWord } from "./TextOrWord";
import { texts } from "./texts";
import type { Sitting } from "./useSitting";
import type { Look } from "./view";

interface DeskProps {
  readonly session: Session;
  readonly crop: Crop;
  readonly look: Look;
  readonly setLook: (change: (look: Look) => Look) => void;
  readonly input: React.RefObject<HTMLInputElement | null>;
  readonly dispatch: Sitting["dispatch"];
  readonly formats: readonly PlateFormat[];
  readonly frame: boolean;
  readonly setFrame: (change: (shown: boolean) => boolean) => void;
}

/** Picture, cells, hint, buttons. */
export function Desk({ session, crop, look, setLook, input, dispatch, formats, frame, setFrame }: DeskProps) {
  const t = useTexts(texts);
  const { field } = session;
  const onField = useCallback((action: FieldAction) => dispatch({ do: "field", action }), [dispatch]);
  const enter = (): void => dispatch({ do: "enter", now: performance.now(), key: () => crypto.randomUUID() });
  const unreadable = (): void => dispatch({ do: "unreadable", now: performance.now(), key: () => crypto.randomUUID() });
  const unknown = (): void => dispatch({ do: "unknown" });
  const skip = (): void => dispatch({ do: "skip", now: performance.now() });
  const coarse = useCoarse();
  const many = together(session).length;
  const saveWord = many > 1 ? t("save_many", { count: many }) : t("save");
  return (
    <section className="desk" aria-label={t("crop")}>
      <div className="stage-frame">
        <Stage crop={crop} look={look} />
        <Looks look={look} setLook={setLook} frame={frame} setFrame={setFrame} hasFrame={crop.framePicture !== null} />
        <Strip session={session} dispatch={dispatch} />
      </div>
      <div className="writing">
        {crop.earlier.length > 0 && (
          <div className="row wrap" role="group" aria-label={t("two_readings")}>
            {crop.earlier.slice(0, 2).map((one, at) => (
              <button key={one.by + String(at)} type="button" className="button" onClick={() => dispatch({ do: "earlier", at })}>
                <span className="t2">{one.by}</span> <TextOrWord text={one.text} formats={formats} /> <Key k={`Alt+${at + 1}`} />
              </button>
            ))}
          </div>
        )}
        <Cells field={field} formats={formats} alphabet={session.alphabet} input={input} onField={onField} touch={coarse} />
        <HintLine session={session} field={field} formats={formats} />
        <div className="row wrap writing-buttons">
          <button type="button" className="button primary" onClick={enter}>{saveWord} <Key k="Enter" /></button>
          <button type="button" className="button" onClick={unreadable}>{t("unreadable")} <Key k="." /></button>
          <button type="button" className="button" onClick={unknown}>{t("unknown")} <Key k="," /></button>
          <button type="button" className="button" onClick={skip}>{t("skip")} <Key k="PageDown" /></button>
          <button type="button" className="button" onClick={() => dispatch({ do: "back", now: performance.now() })}>{t("back")} <Key k="PageUp" /></button>
        </div>
      </div>
      <Keypad field={field} saveWord={saveWord} alphabet={session.alphabet} formats={formats} onChar={(char) => onField({ do: "type", text: char, alphabet: session.alphabet })}
        onErase={() => onField({ do: "backspace" })} onUnreadable={unreadable} onUnknown={unknown} onSkip={skip} onSave={enter} />
    </section>
  );
}

function useCoarse(): boolean {
  return useMemo(() => matchMedia("(max-width: 639px), (pointer: coarse)").matches, []);
}

function Looks({ look, setLook, frame, setFrame, hasFrame }: Pick<DeskProps, "look" | "setLook" | "frame" | "setFrame"> & { hasFrame: boolean }) {
  const t = useTexts(texts);
  const toggle = (name: "smooth" | "inverted" | "mirrored", word: string, key: string) => (
    <button type="button" aria-pressed={look[name]} onClick={() => setLook((was) => ({ ...was, [name]: !was[name] }))}>{word} <Key k={key} /></button>
  );
  return (
    <div className="looks" role="toolbar">
      {toggle("smooth", t("smooth"), "Alt+Z")}
      {toggle("inverted", t("invert"), "Alt+I")}
      <button type="button" aria-pressed={look.turns > 0} onClick={() => setLook((was) => ({ ...was, turns: (was.turns + 1) % 4 }))}>{t("rotate")} <Key k="Alt+R" /></button>
      {toggle("mirrored", t("mirror"), "Alt+M")}
      <button type="button" aria-pressed={look.light !== 0 || look.contrast !== 0} onClick={() => setLook((was) => ({ ...was, light: was.light >= 4 ? 0 : was.light + 2 }))}>
        {t("light")} <Key k="Alt+ArrowUp" />
      </button>
      {hasFrame && <button type="button" aria-pressed={frame} onClick={() => setFrame((was) => !was)}>{t("frame")} <Key k="Alt+C" /></button>}
    </div>
  );
}

/** One line of fixed height: somebody else, format, doubt, warning. */
function HintLine({ session, field, formats }: { session: Session; field: Field; formats: readonly PlateFormat[] }) {
  const t = useTexts(texts);
  const lost = currentItem(session)?.lost ?? false;
  return (
    <p className="hint-line" role="status">
      {lost && <span className="warn row"><Icon name="people" /> {t("lost")}</span>}
      {session.warning === "empty" && <span className="warn row"><Icon name="warning" /> {t("type_first")}</span>}
      {session.warning !== "empty" && !lost && <FormatHint session={session} field={field} formats={formats} />}
      {session.warning === "strange" && <span className="chip warn"><Key k="Enter" /> {t("save_anyway")}</span>}
    </p>
  );
}

function FormatHint({ session, field, formats }: { session: Session; field: Field; formats: readonly PlateFormat[] }) {
  const t = useTexts(texts);
  const said = hint(textOf(field), formats);
  const doubtful = field.cells.filter(isDoubtful).length;
  return (
    <>
      {said.kind === "fits" && <span className="ok row"><Icon name="check" /> {said.format.name} <span className="mono">{said.format.display}</span></span>}
      {said.kind === "begins" && <span className="t3">{said.format.name} <span className="mono">{said.format.display}</span></span>}
      {said.kind === "misfit" && (
        <span className="warn row"><Icon name="warning" /> {t("misfit", { format: said.format.name, expected: t(said.expected), at: textOf(field)[said.at] ?? "" })}</span>
      )}
      {said.kind === "strange" && <span className="warn row"><Icon name="warning" /> {t("strange")}</span>}
      {doubtful > 0 && session.warning === "" && <span className="t3">{t("doubtful", { count: doubtful })}</span>}
    </>
  );
}
