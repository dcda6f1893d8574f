import { memo, type RefObject, useCallback, useEffect } from "react";

import { formatDateTime, formatMoment, formatTime } from "../shared/format";
import { Icon } from "../shared/Icon";
import { Key } from "../shared/Key";
import { DOUBTFUL_CHARACTER } from "../shared/plate";
import { PlateText } from "../shared/PlateText";
import { useTexts } from "../shared/text";
import { Cells } from "../transcribe/Cells";
import { type FieldAction, textOf } from "../transcribe/field";
import { type PlateFormat, displayed, hint } from "../transcribe/formats";
import { type Read, type Review, type ReviewAction, ARROWS, REASONS, isWriting, shownText } from "./review";
import { texts } from "./texts";
import { mergeCandidates } from "./tracks";

interface Props {
  readonly state: Review;
  /** None on a video of which nothing was read. */
  readonly read: Read | null;
  readonly formats: readonly PlateFormat[];
  readonly input: RefObject<HTMLInputElement | null>;
  readonly decide: (action: ReviewAction) => void;
  readonly seek: (seconds: number) => void;
  /** Whether this person may decide, not only look. */
  readonly may: boolean;
  /** What the last step came to, for those who see no status bar. */
  readonly said: string;
  /** The video is still being read. */
  readonly working: boolean;
}

/** The read on screen, what speaks for it, and the three things to do with it. */
export const ReadDesk = memo(function ReadDesk({ state, read, formats, input, decide, seek, may, said: word, working }: Props) {
  const t = useTexts(texts);
  const editing = isWriting(state.mode);
  const onField = useCallback((action: FieldAction) => decide({ do: "field", action }), [decide]);
  useEffect(() => {
    if (editing) input.current?.focus({ preventScroll: true });
  }, [editing, input]);
  const text = editing ? textOf(state.field) : read && state.mode !== "draw" ? shownText(read) : "";
  const said = hint(text, formats);
  return (
    <>
      <section className="read-desk" data-mode={state.mode}>
        {editing
          ? <Cells field={state.field} formats={formats} alphabet={state.alphabet} input={input} onField={onField} size="small" />
          : read && state.mode !== "draw" && <Characters read={read} />}
        <div className="read-said">
          {said.kind === "fits" && <span className="ok row"><Icon name="check" />{said.format.name} <span className="mono">{said.format.display}</span></span>}
          {(said.kind === "misfit" || said.kind === "strange") && <span className="warn row"><Icon name="warning" />{displayed(text, formats)}</span>}
          <span className="t2 small">{read === null && working ? t("working_body") : sentence(state, read, t)}</span>
          {word && <span className="t2 small narrow-only">{word}</span>}
        </div>
        {read && state.mode === "merge" ? <Others reads={state.reads} read={read} formats={formats} decide={decide} /> : may ? <Buttons state={state} read={read} decide={decide} /> : <span className="t3 small">{t("only_look")}</span>}
      </section>
      {read && <Track read={read} formats={formats} seek={seek} />}
    </>
  );
});

/** What there is to say about the read, or what to do next. */
function sentence({ mode, parting, reads }: Review, read: Read | null, t: ReturnType<typeof useTexts<typeof texts>>): string {
  if (mode === "split" && parting) return parting.first === null ? t("split_first", { time: formatMoment(parting.seconds) }) : t("split_second", { text: parting.first });
  if (mode === "merge" && read) return t(mergeCandidates(reads, read).length === 0 ? "merge_none" : "merge_which");
  if (mode === "draw") return t("add_draw");
  if (mode === "add") return t("add_text");
  if (read === null) return t("empty_title");
  return read.missed !== null ? t("add_seen") : agreement(read, t);
}

function Track({ read, formats, seek }: { read: Read; formats: readonly PlateFormat[]; seek: Props["seek"] }) {
  const t = useTexts(texts);
  const crops = read.detail?.crops ?? [];
  return (
    <section className="read-track">
      <h2 className="panel-title row"><span className="strong t1">{read.missed === null ? t("track", { number: read.number }) : formatMoment(read.firstSeconds)}</span>
        {read.seenAt && <span className="t2" title={formatDateTime(read.seenAt, { seconds: true })}>{formatTime(read.seenAt)}</span>}
        {read.direction && <span className="t2">{ARROWS[read.direction]} {t(`way_${read.direction}`)}</span>}
        {read.missed === null && <span className="t3">{t("crops_kept", { count: crops.length })}, {t("seconds_long", { seconds: (read.lastSeconds - read.firstSeconds).toFixed(1) })}</span>}</h2>
      <ul className="track-strip">
        {crops.map((crop) => (
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
  const crops = read.detail?.crops ?? [];
  const other = crops.filter((crop) => crop.text !== read.text).length;
  const votes = t("votes", { count: read.votes });
  return other === 0 ? `${votes}. ${t("agree")}` : `${votes}. ${t("disagree", { count: other, total: crops.length })}`;
}

/** Below it, what else was seen in a character's place is shown. */
const SURE_CHARACTER = 0.95;

/** Each character with its confidence in percent, and what else was seen there. */
function Characters({ read }: { read: Read }) {
  const text = shownText(read);
  const own = text === read.text;
  const t = useTexts(texts);
  if (text === "") return <span className="t3">{t("nothing_read")}</span>;
  return (
    <div className="characters" role="img" aria-label={text}>
      {[...text].map((char, at) => {
        const sure = own ? read.characters[at] : undefined;
        const second = sure !== undefined && sure < SURE_CHARACTER ? read.detail?.alternatives[at]?.[0] : undefined;
        return (
          <span key={at} data-doubtful={(sure !== undefined && sure < DOUBTFUL_CHARACTER) || undefined}>
            <b data-kind={/\d/u.test(char) ? "digit" : "letter"}>{char}</b>
            <small>{sure === undefined ? "" : Math.round(sure * 100)}</small>
            <small className="second">{second && <><b>{second.text}</b> {Math.round(second.confidence * 100)}</>}</small>
          </span>
        );
      })}
    </div>
  );
}

/** The tracks that may be of the same vehicle, by number. */
function Others({ reads, read, formats, decide }: { reads: readonly Read[]; read: Read; formats: readonly PlateFormat[]; decide: Props["decide"] }) {
  const t = useTexts(texts);
  return (
    <div className="row wrap read-buttons">
      {mergeCandidates(reads, read).map((other, at) => (
        <button key={other.id} type="button" className="button other-track" onClick={() => decide({ do: "merge with", other: other.id, key: crypto.randomUUID() })}>
          {other.picture && <img src={other.picture} alt="" />}
          <PlateText text={displayed(shownText(other), formats) || "?"} size={12} /> <span className="t3">{formatMoment(other.firstSeconds)}</span> <Key k={String(at + 1)} />
        </button>
      ))}
      <button type="button" className="button plain" onClick={() => decide({ do: "look" })}>{t("leave")} <Key k="Escape" /></button>
    </div>
  );
}

function Buttons({ state: { mode, parting }, read, decide }: { state: Review; read: Read | null; decide: Props["decide"] }) {
  const t = useTexts(texts);
  const leave = <button type="button" className="button" onClick={() => decide({ do: "look" })}>{t("leave")} <Key k="Escape" /></button>;
  const enter = (word: "accept" | "accept_text" | "add_save" | "split_next" | "split_save") => (
    <button type="button" className="button primary" onClick={() => decide({ do: "enter", key: crypto.randomUUID() })}>{t(word)} <Key k="Enter" /></button>
  );
  if (mode === "draw") return <div className="row wrap read-buttons">{leave}</div>;
  if (mode === "add") return <div className="row wrap read-buttons">{enter("add_save")}{leave}</div>;
  if (mode === "split") return <div className="row wrap read-buttons">{enter(parting?.first === null ? "split_next" : "split_save")}{leave}</div>;
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
      <button type="button" className="button" title={t("merge")} onClick={() => decide({ do: "merge" })}>{t("merge_word")} <Key k="M" /></button>
      <AddMissed decide={decide} />
    </div>
  );
}

function AddMissed({ decide }: { decide: Props["decide"] }) {
  const t = useTexts(texts);
  return <button type="button" className="button" title={t("add_missed")} onClick={() => decide({ do: "add" })}>{t("missed_word")} <Key k="N" /></button>;
}
