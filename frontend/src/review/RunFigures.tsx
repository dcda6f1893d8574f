import { Link } from "react-router";

import { isActive } from "../api/queries";
import { formatNumber } from "../shared/format";
import { Key } from "../shared/Key";
import { readsTable } from "../shared/spreadsheet";
import { useTexts } from "../shared/text";
import { AnnotatedVideo } from "./AnnotatedVideo";
import { type Review, isDecided, left, total } from "./review";
import { texts } from "./texts";
import type { Run } from "./wire";

interface Props {
  readonly state: Review;
  readonly run: Run;
  /** Asks from which confidence on reads are accepted unseen; null for who may not. */
  readonly ask: (() => void) | null;
}

/** How the review stands, in the line at the top. Where that is short, the rest is below the timeline. */
export function TopFigures({ state, run, ask }: Props) {
  return (
    <>
      <span className="row wide-only"><Figures state={state} run={run} /><Sure ask={ask} /></span>
      <Left state={state} />
      <span className="row wide-only"><Copies run={run} /></span>
    </>
  );
}

/** What a narrow page has no room for at the top. */
export function MoreFigures({ state, run, ask, project }: Props & { readonly project: number }) {
  const t = useTexts(texts);
  return (
    <section className="run-more">
      <Link className="button small" to={`/p/${project}/videos/${run.video}`}>{t("recording")}</Link>
      <Copies run={run} />
      <Sure ask={ask} />
      <Figures state={state} run={run} />
    </section>
  );
}

function Figures({ state, run }: Pick<Props, "state" | "run">) {
  const t = useTexts(texts);
  const sampled = state.reads.filter((read) => read.sampled && (!isDecided(read) || read.passage?.unseen)).length;
  const { right = 0, wrong = 0, false: false_ = 0, double = 0, missed = 0 } = run.score;
  const judged = right + wrong + false_ + double;
  return (
    <>
      {judged > 0 && <span className="t2">{t("right_as_read", { share: `${formatNumber(Math.round((1000 * right) / judged) / 10)} %` })}</span>}
      {missed > 0 && !(run.job && isActive(run.job)) && <span className="bad">{t("missed_count", { count: missed })}</span>}
      {false_ > 0 && <span className="t2">{t("false_count", { count: false_ })}</span>}
      {sampled > 0 && <span className="t2" title={t("sampled_title")}>{t("sampled_left", { count: sampled })}</span>}
    </>
  );
}

function Left({ state }: Pick<Props, "state">) {
  const t = useTexts(texts);
  return <span className="t2"><b className="strong left-count">{formatNumber(left(state))}</b> {t("left_of", { total: total(state) })}</span>;
}

function Sure({ ask }: Pick<Props, "ask">) {
  const t = useTexts(texts);
  return ask && <button type="button" className="button small" title={t("sure")} onClick={ask}>{t("sure_word")} <Key k="B" /></button>;
}

/** What may be taken away. */
function Copies({ run }: Pick<Props, "run">) {
  const t = useTexts(texts);
  return (
    <>
      <AnnotatedVideo run={run.id} />
      <a className="button small" href={readsTable(run.id)} download title={t("csv_title")}>{t("csv")}</a>
    </>
  );
}
