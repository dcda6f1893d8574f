import { Chart } from "../shared/Chart";
import { formatNumber, formatShare } from "../shared/format";
import { useTexts } from "../shared/text";
import { Figure } from "../shared/ui";
import { type FoundGroup, type LabelReport, levelsOf, type Place, windowOf } from "./detector-report";
import { rangeOf } from "./report";
import "./model-report.css";
import { texts } from "./texts";

/** Where a detector errs on one label: how sure it must be, what it misses, what it takes for one. */
export function DetectorReport({ report }: { report: LabelReport }) {
  const t = useTexts(texts);
  const curve = levelsOf(report.curve);
  return (
    <>
      <section className="card stack">
        <header><h2>{report.label}</h2></header>
        <div className="figures">
          <Figure name={t("ap_strict")}>{formatShare(report.ap_50_95)}</Figure>
          <Figure name={t("ap_11")}>{formatShare(report.ap_50_11)}</Figure>
          <Figure name={t("ap_tao")}>{formatShare(report.ap_50_tao)}</Figure>
          <Figure name={t("threshold")}>{formatShare(report.threshold)}</Figure>
        </div>
      </section>
      {curve.x.length > 0 && (
        <Chart title={`${report.label}: ${t("pr_curve")}`} unit="%" x={curve.x} xName={t("recall_percent")} xMax={100} yMax={100} digits={1}
          series={[{ name: t("precision"), values: curve.precision, accent: true }, { name: t("threshold"), values: curve.threshold, thin: true }]} />
      )}
      <section className="card stack">
        <h2>{t("by_object", { label: report.label })}</h2>
        <div className="report-by">{report.by.map(([name, groups]) => groups.length > 0 && <By key={name} name={name} groups={groups} />)}</div>
      </section>
      <Gallery title={t("false_ones", { label: report.label })} hint={t("false_hint")} none={t("no_false")} places={report.falseOnes} />
      <Gallery title={t("missed_ones", { label: report.label })} hint={t("missed_hint")} none={t("no_missed")} places={report.missed} />
    </>
  );
}

function By({ name, groups }: { name: string; groups: readonly FoundGroup[] }) {
  const t = useTexts(texts);
  const judged = groups.some((group) => group.precision !== undefined);
  return (
    <table className="table">
      <thead><tr><th>{name === "height" || name === "video" ? t(name) : name}</th><th className="num">{t("objects")}</th><th className="num">{t("recall")}</th>{judged && <th className="num">{t("precision")}</th>}</tr></thead>
      <tbody>
        {groups.map((group, at) => {
          const [words, ends] = rangeOf(group);
          return (
            <tr key={at}>
              <td className="wrap">{words === "below" ? t("below", { value: ends }) : words === "from" ? t("from", { value: ends }) : ends || t("other")}</td>
              <td className="num">{formatNumber(group.count)}</td><td className="num strong">{formatShare(group.count ? group.recall : null)}</td>
              {judged && <td className="num">{formatShare(group.precision)}</td>}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Gallery({ title, hint, none, places }: { title: string; hint: string; none: string; places: readonly Place[] }) {
  return (
    <section className="card stack">
      <header><h2>{title}</h2><span className="t3 small">{hint}</span></header>
      {places.length === 0 ? <span className="t3">{none}</span> : (
        <div className="report-worst">{places.map((place, at) => <OnePlace key={at} place={place} />)}</div>
      )}
    </section>
  );
}

/** The part of the frame around a box, cut by the browser: no picture is stored a second time. */
function OnePlace({ place }: { place: Place }) {
  const t = useTexts(texts);
  if (typeof place.frame !== "number") return <span className="t3 tiny">{place.frame}</span>;
  const [x, y, wide, high] = windowOf(place);
  const [x1, y1, x2, y2] = place.box;
  const share = (part: number, whole: number) => `${(100 * part) / whole}%`;
  return (
    <figure className="report-crop">
      <div className="report-place">
        <img src={`/api/v1/media/dataset-items/${place.frame}/`} alt={t("place")} loading="lazy"
          style={{ width: share(place.size[0], wide), left: share(-x, wide), top: share(-y, high) }} />
        <span style={{ left: share(x1 - x, wide), top: share(y1 - y, high), width: share(x2 - x1, wide), height: share(y2 - y1, high) }} />
      </div>
      <figcaption className="spread t3 tiny">
        <span>{`${formatNumber(x2 - x1)} × ${formatNumber(y2 - y1)}`}</span>
        {place.confidence !== undefined && <span>{formatShare(place.confidence)}</span>}
      </figcaption>
    </figure>
  );
}
