import { memo, type RefObject, useCallback, useEffect } from "react";

import { formatMoment } from "../shared/format";
import { Icon } from "../shared/Icon";
import { Key } from "../shared/Key";
import { DOUBTFUL_CHARACTER } from "../shared/plate";
import { PlateText } from "../shared/PlateText";
import { useTexts } from "../shared/text";
import { Cells } from "../transcribe/Cells";
import { type FieldAction, textOf } from "../transcribe/field";
import { type PlateFormat, displayed, hint } from "../transcribe/formats";
import { type Read, type Review, type ReviewAction, REASONS, shownText } from "./review";
import { texts } from "./texts";

interface Props {
  readonly state: Review;
  /** None on a video of which nothing was read. */
  readonly read: Read | null;
  readonly formats: readonly PlateFormat[];
  readonly input: RefObject<HTMLInputElement | null>;
  readonly decide: (action: ReviewAction) => void;
  readonly seek: (seconds: number) => void;
}

/** The read on screen, what speaks for it, and the three things to do with it. */
export const ReadDesk = memo(function ReadDesk({ state, read, formats, input, decide, seek }: Props) {
  const t = useTexts(texts);
  const editing = state.mode === "edit" || state.mode === "add";
  const onField = useCallback((action: FieldAction) => decide({ do: "field", action }), [decide]);
  useEffect(() => {
    if (editing) input.current?.focus({ preventScroll: true });
  }, [editing, input]);
  const text = editing ? textOf(state.field) : read && state.mode !== "draw" ? shownText(read) : "";
  const said = hint(text, formats);
  return (
    <>
      <section className="read-desk">
        {editing
          ? <Cells field={state.field} formats={formats} alphabet={state.alphabet} input={input} onField={onField} size="small" />
          : read && state.mode !== "draw" && <Characters read={read} />}
        <div className="read-said">
          {said.kind === "fits" && <span className="ok row"><Icon name="check" />{said.format.name} <span className="mono">{said.format.display}</span></span>}
          {(said.kind === "misfit" || said.kind === "strange") && <span className="warn row"><Icon name="warning" />{displayed(text, formats)}</span>}
          <span className="t2 small">{sentence(state, read, t)}</span>
        </div>
        <Buttons mode={state.mode} read={read} decide={decide} />
      </section>
      {read && <Track read={read} formats={formats} seek={seek} />}
    </>
  );
});

/** What there is to say about the read, or what to do next. */
function sentence({ mode }: Review, read: Read | null, t: ReturnType<typeof useTexts<typeof texts>>): string {
  if (mode === "draw") return t("add_draw");
  if (mode === "add") return t("add_missed");
  if (read === null) return t("empty_title");
  return read.missed !== null ? t("add_seen") : agreement(read, t);
}

function Track({ read, formats, seek }: { read: Read; formats: readonly PlateFormat[]; seek: Props["seek"] }) {
  const t = useTexts(texts);
  return (
    <section className="read-track">
      <h2 className="panel-title row"><span className="strong t1">{read.missed === null ? t("track", { number: read.number }) : formatMoment(read.firstSeconds)}</span>
        {read.missed === null && <span className="t3">{t("crops_kept", { count: read.crops.length })}, {t("seconds_long", { seconds: (read.lastSeconds - read.firstSeconds).toFixed(1) })}</span>}</h2>
      <ul className="track-strip">
        {read.crops.map((crop) => (
          <li key={crop.picture}>
            <button type="button" onClick={() => crop.seconds !== null && seek(crop.seconds)} title={crop.seconds === null ? undefined : formatMoment(crop.seconds)}>
              <img src={crop.picture} alt="" />
              <PlateText text={crop.text === "" ? "?" : displayed(crop.text, formats)} size={11.5} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function agreement(read: Read, t: ReturnType<typeof useTexts<typeof texts>>): string {
  const other = read.crops.filter((crop) => crop.text !== read.text).length;
  const votes = t("votes", { count: read.votes });
  return other === 0 ? `${votes}. ${t("agree")}` : `${votes}. ${t("disagree", { count: other, total: read.crops.length })}`;
}

/** Each character with its two figures of confidence. */
function Characters({ read }: { read: Read }) {
  const text = shownText(read);
  const own = text === read.text;
  const t = useTexts(texts);
  if (text === "") return <span className="t3">{t("nothing_read")}</span>;
  return (
    <div className="characters" role="img" aria-label={text}>
      {[...text].map((char, at) => {
        const sure = own ? read.characters[at] : undefined;
        return (
          <span key={at} data-doubtful={(sure !== undefined && sure < DOUBTFUL_CHARACTER) || undefined}>
            <b data-kind={/\d/u.test(char) ? "digit" : "letter"}>{char}</b>
            <small>{sure === undefined ? "" : Math.round(sure * 100)}</small>
          </span>
        );
      })}
    </div>
  );
}

function Buttons({ mode, read, decide }: { mode: Review["mode"]; read: Read | null; decide: Props["decide"] }) {
  const t = useTexts(texts);
  const leave = <button type="button" className="button" onClick={() => decide({ do: "look" })}>{t("leave")} <Key k="Escape" /></button>;
  const enter = (word: "accept" | "accept_text" | "add_save") => (
    <button type="button" className="button primary" onClick={() => decide({ do: "enter", key: crypto.randomUUID() })}>{t(word)} <Key k="Enter" /></button>
  );
  if (mode === "draw") return <div className="row wrap read-buttons">{leave}</div>;
  if (mode === "add") return <div className="row wrap read-buttons">{enter("add_save")}{leave}</div>;
  if (read === null) return <div className="row wrap read-buttons"><AddMissed decide={decide} /></div>;
  if (mode === "edit") return <div className="row wrap read-buttons">{enter("accept_text")}{leave}</div>;
  if (mode === "reject") {
    const reasons = read.missed === null ? REASONS : REASONS.slice(0, 1);
    return (
      <div className="row wrap read-buttons">
        {read.missed === null && <span className="t2 small">{t("reject_why")}</span>}
        {reasons.map((reason, at) => (
          <button key={reason} type="button" className="button" onClick={() => decide({ do: "reason", reason, key: crypto.randomUUID() })}>{t(read.missed === null ? reason : "take_back")} <Key k={String(at + 1)} /></button>
        ))}
        <button type="button" className="button plain" onClick={() => decide({ do: "look" })}>{t("leave")} <Key k="Escape" /></button>
      </div>
    );
  }
  return (
    <div className="row wrap read-buttons">
      {enter("accept")}
      <button type="button" className="button" onClick={() => decide({ do: "edit" })}>{t("edit")} <Key k="E" /></button>
      <button type="button" className="button" onClick={() => decide({ do: "reject" })}>{t("reject")} <Key k="X" /></button>
      <AddMissed decide={decide} />
    </div>
  );
}

function AddMissed({ decide }: { decide: Props["decide"] }) {
  const t = useTexts(texts);
  return <button type="button" className="button" title={t("add_missed")} onClick={() => decide({ do: "add" })}>{t("missed_word")} <Key k="N" /></button>;
}
