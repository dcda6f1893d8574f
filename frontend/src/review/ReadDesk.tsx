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
  readonly read: Read;
  readonly formats: readonly PlateFormat[];
  readonly input: RefObject<HTMLInputElement | null>;
  readonly decide: (action: ReviewAction) => void;
  readonly seek: (seconds: number) => void;
}

/** The read on screen, what speaks for it, and the three things to do with it. */
export const ReadDesk = memo(function ReadDesk({ state, read, formats, input, decide, seek }: Props) {
  const t = useTexts(texts);
  const editing = state.mode === "edit";
  const onField = useCallback((action: FieldAction) => decide({ do: "field", action }), [decide]);
  useEffect(() => {
    if (editing) input.current?.focus({ preventScroll: true });
  }, [editing, input]);
  const text = editing ? textOf(state.field) : shownText(read);
  const said = hint(text, formats);
  return (
    <>
      <section className="read-desk">
        {editing
          ? <Cells field={state.field} formats={formats} alphabet={state.alphabet} input={input} onField={onField} size="small" />
          : <Characters read={read} />}
        <div className="read-said">
          {said.kind === "fits" && <span className="ok row"><Icon name="check" />{said.format.name} <span className="mono">{said.format.display}</span></span>}
          {(said.kind === "misfit" || said.kind === "strange") && <span className="warn row"><Icon name="warning" />{displayed(text, formats)}</span>}
          <span className="t2 small">{agreement(read, t)}</span>
        </div>
        <Buttons mode={state.mode} decide={decide} />
      </section>
      <section className="read-track">
        <h2 className="panel-title row"><span className="strong t1">{t("track", { number: read.number })}</span>
          <span className="t3">{t("crops_kept", { count: read.crops.length })}, {t("seconds_long", { seconds: (read.lastSeconds - read.firstSeconds).toFixed(1) })}</span></h2>
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
    </>
  );
});

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

function Buttons({ mode, decide }: { mode: Review["mode"]; decide: Props["decide"] }) {
  const t = useTexts(texts);
  if (mode === "reject") {
    return (
      <div className="row wrap read-buttons">
        <span className="t2 small">{t("reject_why")}</span>
        {REASONS.map((reason, at) => (
          <button key={reason} type="button" className="button" onClick={() => decide({ do: "reason", reason, key: crypto.randomUUID() })}>{t(reason)} <Key k={String(at + 1)} /></button>
        ))}
        <button type="button" className="button plain" onClick={() => decide({ do: "look" })}>{t("leave")} <Key k="Escape" /></button>
      </div>
    );
  }
  return (
    <div className="row wrap read-buttons">
      <button type="button" className="button primary" onClick={() => decide({ do: "enter", key: crypto.randomUUID() })}>{t(mode === "edit" ? "accept_text" : "accept")} <Key k="Enter" /></button>
      {mode === "look" && <button type="button" className="button" onClick={() => decide({ do: "edit" })}>{t("edit")} <Key k="E" /></button>}
      {mode === "look" && <button type="button" className="button" onClick={() => decide({ do: "reject" })}>{t("reject")} <Key k="X" /></button>}
      {mode === "edit" && <button type="button" className="button" onClick={() => decide({ do: "look" })}>{t("leave")} <Key k="Escape" /></button>}
    </div>
  );
}
