import { useState } from "react";
import { useProject } from "../api/queries";
import type { ImportDetail } from "../api/types";
import { formatNumber } from "../shared/format";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import type { Sum } from "./counts";
import { texts } from "./texts";

function reasonName(t: (key: keyof typeof texts) => string, reason: string): string {
  return reason in texts ? t(reason as keyof typeof texts) : reason.replaceAll("_", " ");
}

interface SumsProps { batch: ImportDetail; sum: Sum; over: boolean; only: string; onOnly: (outcome: string) => void }

/** Where every box or line of the file ends, and that it adds up. */
export function Sums({ batch, sum, over, only, onOnly }: SumsProps) {
  const t = useTexts(texts);
  const project = useProject();
  const told = new Set(batch.report.map((line) => line.outcome));
  const { pictures, negatives = 0, unlabelled = 0, made = {}, texts: boxTexts = {} } = batch.facts;
  const line = (outcome: string) => told.has(outcome) && (
    <button type="button" className="link small" aria-pressed={only === outcome} onClick={() => onOnly(only === outcome ? "" : outcome)}>{t("files")}</button>
  );
  return (
    <section className="card stack">
      <h2>{t(Object.keys(batch.labels).length ? "accounted" : "texts_accounted")}</h2>
      <table className="table sums">
        <tbody>
          <tr><td>{t("seen")}</td><td className="num strong">{formatNumber(sum.seen)}</td><td /></tr>
          <tr><td>{t(over ? "did_import" : "will_import")}</td><td className="num ok strong">{formatNumber(sum.imported)}</td><td /></tr>
          {sum.clamped > 0 && <tr><td className="t3">{t("clamped")}</td><td className="num t3">{formatNumber(sum.clamped)}</td><td className="num">{line("clamped")}</td></tr>}
          {sum.reasons.map(([reason, count]) => (
            <tr key={reason}><td>{reasonName(t, reason)}</td><td className="num warn strong">{formatNumber(count)}</td><td className="num">{line(reason)}</td></tr>
          ))}
        </tbody>
      </table>
      {sum.adds
        ? <p className="spread small"><span className="t3">{[sum.imported, ...sum.reasons.map(([, count]) => count)].map((n) => formatNumber(n)).join(" + ")}</span><span className="ok">= {formatNumber(sum.seen)} ✓</span></p>
        : <Notice kind="bad">{t("sum_wrong")}</Notice>}
      <dl className="facts">
        {pictures !== undefined && <><dt>{t("pictures")}</dt><dd>{formatNumber(pictures)}</dd></>}
        {negatives > 0 && <><dt>{t("negatives")}</dt><dd>{formatNumber(negatives)}</dd></>}
        {unlabelled > 0 && <><dt>{t("unlabelled")}</dt><dd>{formatNumber(unlabelled)}</dd></>}
        {(boxTexts.seen ?? 0) > 0 && <><dt>{t("box_texts")}</dt><dd>{t("n_of_m", { n: formatNumber(boxTexts.imported ?? 0), m: formatNumber(boxTexts.seen ?? 0) })}</dd></>}
        {(made.frames ?? 0) > 0 && <><dt>{t(over ? "made_frames" : "new_frames")}</dt><dd>{formatNumber(made.frames ?? 0)}</dd></>}
        <dt>{t("into")}</dt><dd>{project.data?.name}</dd>
      </dl>
    </section>
  );
}

/** The sentence without the file and line that stand beside it; an entry's picture stays. */
function withoutPlace(sentence: string): string {
  const said = sentence.replace(/^[“«][^”»]*[”»](, (line|línea) [\d.,]+)?: /, "");
  return said.charAt(0).toUpperCase() + said.slice(1);
}

/** The worst lines; all of them can be taken away as a table or as JSON. */
export function Things({ batch, only, onAll }: { batch: ImportDetail; only: string; onAll: () => void }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const [most, setMost] = useState(50);
  const all = batch.facts.report_lines ?? batch.report.length;
  const lines = only ? batch.report.filter((line) => line.outcome === only) : batch.report;
  return (
    <section className="card report">
      <header>
        <h2>{all ? t("things", { count: all }) : t("things_none")}</h2>
        {only && <button type="button" className="chip on" onClick={onAll}>{reasonName(t, only)} ×</button>}
        <span className="grow" />
        {all > 0 && batch.report_csv && <a className="small" href={batch.report_csv} download>CSV</a>}
        {all > 0 && batch.report_json && <a className="small" href={batch.report_json} download>JSON</a>}
      </header>
      <table className="table things">
        <tbody>
          {lines.slice(0, most).map((line, index) => (
            <tr key={index}>
              <td className="mono small wrap">{line.file} {line.line > 0 && <span className="t3">{t("line", { line: line.line })}</span>}</td>
              <td className="wrap t2">{withoutPlace(line.sentence)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <footer className="row wrap">
        {lines.length > most && <button type="button" className="button small" onClick={() => setMost(most + 200)}>{s("more")}</button>}
        {lines.length <= most && all > batch.report.length && <p className="t3 small">{t("rest_in_file", { count: all - batch.report.length })}</p>}
      </footer>
    </section>
  );
}
