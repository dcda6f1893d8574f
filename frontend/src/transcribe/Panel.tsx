import { useQuery } from "@tanstack/react-query";
import { memo } from "react";

import { sentenceOf } from "../api/client";
import { isActive } from "../api/queries";
import { fixed, formatClock } from "../shared/format";
import { Key } from "../shared/Key";
import { useTexts } from "../shared/text";
import type { PlateFormat } from "./formats";
import { type Crop, type Saved, type Session, strokes } from "./session";
import { TextOrWord } from "./TextOrWord";
import { texts } from "./texts";
import type { Sitting } from "./useSitting";
import type { Suggestions } from "./useSuggestions";
import { type Previous, previousTexts } from "./wire";

const NO_TEXTS: readonly Previous[] = [];

interface PanelProps {
  readonly project: number;
  readonly session: Session;
  readonly crop: Crop | null;
  readonly dispatch: Sitting["dispatch"];
  readonly formats: readonly PlateFormat[];
  readonly suggestions: Suggestions;
  readonly saveWhole: boolean;
  readonly toggleWhole: () => void;
  readonly wishes: React.ReactNode;
}

export function Panel({ project, session, crop, dispatch, formats, suggestions, saveWhole, toggleWhole, wishes }: PanelProps) {
  const t = useTexts(texts);
  const previous = useQuery({ queryKey: ["previous-texts", project], queryFn: () => previousTexts(project), staleTime: Infinity, gcTime: 0 });
  return (
    <aside className="panel" id="transcribe-panel">
      <section className="panel-part">{wishes}</section>
      {crop && (
        <section className="panel-part">
          <h2 className="panel-title">{t("crop")}</h2>
          <dl className="facts">
            {crop.video !== "" && <><dt>{t("video")}</dt><dd>{crop.video}</dd></>}
            {crop.seconds !== null && <><dt>{t("time")}</dt><dd>{formatClock(crop.seconds, true)}</dd></>}
            <dt>{t("size")}</dt><dd>{t("pixels", { width: crop.width, height: crop.height })}</dd>
            <dt>{t("read_by")}</dt><dd>{crop.suggestion?.model ?? t("nobody")}</dd>
          </dl>
          <Suggest suggestions={suggestions} />
        </section>
      )}
      <section className="panel-part">
        <h2 className="panel-title">{t("change_one")}</h2>
        <dl className="facts">
          <dt>{t("other_choice")}</dt><dd><Key k="ArrowDown" /></dd>
          <dt>{t("next_doubtful")}</dt><dd><Key k="Space" /></dd>
          <dt>{t("move")}</dt><dd><Key k="ArrowLeft" /> <Key k="ArrowRight" /></dd>
          <dt>{t("insert")}</dt><dd><Key k="Insert" /></dd>
          <dt>{t("start_again")}</dt><dd><Key k="Ctrl+Backspace" /></dd>
          <dt>{t("last_text")}</dt><dd><Key k="Alt+L" /></dd>
        </dl>
        <label className="row small save-whole"><input type="checkbox" checked={saveWhole} onChange={toggleWhole} /> {t("save_whole")} <Key k="Alt+A" /></label>
      </section>
      <section className="panel-part grow saved-list" tabIndex={0} aria-label={t("saved_now")}>
        <h2 className="panel-title spread"><span>{t("saved_now")}</span><span>{t("undo").toLowerCase()} <Key k="Ctrl+Z" /></span></h2>
        <SavedList saved={session.saved} previous={previous.data ?? NO_TEXTS} formats={formats} dispatch={dispatch} />
      </section>
    </aside>
  );
}

/** Asks the present recognizer for new suggestions, and says how far it is. */
function Suggest({ suggestions: { job, ask } }: { suggestions: Suggestions }) {
  const t = useTexts(texts);
  const active = job !== undefined && isActive(job);
  return (
    <div className="row wrap suggest">
      <button type="button" className="button small" disabled={active || ask.isPending} onClick={() => ask.mutate()}>{t("suggest_again")}</button>
      {active && <span className="t3 small" role="status">{t("suggesting", { done: job.done, total: job.total ?? job.done })}</span>}
      {ask.error && <span className="warn small" role="alert">{sentenceOf(ask.error)}</span>}
      {!active && job?.state === "failed" && <span className="warn small" role="alert">{t("suggest_failed", { error: job.error })}</span>}
    </div>
  );
}

interface SavedListProps {
  readonly saved: readonly Saved[];
  readonly previous: readonly Previous[];
  readonly formats: readonly PlateFormat[];
  readonly dispatch: Sitting["dispatch"];
}

/** Drawn again only when something was saved: after hours there are thousands. */
const SavedList = memo(function SavedList({ saved, previous, formats, dispatch }: SavedListProps) {
  const t = useTexts(texts);
  const shown = strokes(saved, 60);
  if (saved.length === 0 && previous.length === 0) return <p className="t3">{t("saved_none")}</p>;
  return (
    <ul>
      {shown.map(({ first, others }) => (
        <li key={first.clientKey}>
          <button type="button" className="saved-row" onClick={() => dispatch({ do: "show", crop: first.crop, now: performance.now() })}>
            <TextOrWord text={first.text} formats={formats} />
            {others > 0 && <span className="t2">{t("and_more", { count: others })}</span>}
            <span className="t3 grow num">{outcomeWord(first, t)}</span>
            <span className="t2 saved-seconds">{fixed(first.seconds, 1)} s</span>
          </button>
        </li>
      ))}
      {previous.map((one) => (
        <li key={`earlier-${one.id}`} className="saved-row earlier"><TextOrWord text={one.text} formats={formats} /></li>
      ))}
    </ul>
  );
});

function outcomeWord(saved: Saved, t: ReturnType<typeof useTexts<typeof texts>>): string {
  if (saved.outcome === "accepted") return t("accepted");
  if (saved.outcome === "changed") return t("changed", { count: saved.changed });
  return saved.status === "partial" ? t("partial") : saved.status === "readable" ? t("typed") : "";
}
