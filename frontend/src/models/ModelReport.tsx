import { Chart } from "../shared/Chart";
import { formatNumber, formatShare } from "../shared/format";
import { PlateText } from "../shared/PlateText";
import { useTexts } from "../shared/text";
import { Figure } from "../shared/ui";
import { Matrix } from "./Matrix";
import { type Confusion, curveOf, type Group, rangeOf, reliabilityOf, type Report, type ShownCrop } from "./report";
import "./model-report.css";
import { texts } from "./texts";

/** Where a recognizer errs: on which plates, which characters, and how sure it is then. */
export function ModelReport({ report }: { report: Report }) {
  const t = useTexts(texts);
  const curve = curveOf(report.curve);
  const sure = reliabilityOf(report.reliability);
  return (
    <>
      <section className="card figures">
        <Figure name={t("greedy_exact")}>{formatShare(report.greedy_exact)}</Figure>
        <Figure name={t("edit_distance")}>{report.edit_distance === undefined ? "–" : formatNumber(report.edit_distance, undefined, 2)}</Figure>
        <Figure name={t("calibration_error")}>{formatShare(report.calibration_error)}</Figure>
      </section>
      <Chart title={t("curve")} unit="%" x={curve.x} xName={t("coverage")} xMax={100} yMax={100} digits={1}
        series={[{ name: t("exact"), values: curve.exact, accent: true }, { name: t("threshold"), values: curve.threshold, thin: true }]} />
      {sure.x.length > 1 && (
        <Chart title={t("reliability")} unit="%" x={sure.x} xName={t("sureness")} xMax={100} yMax={100} digits={1}
          series={[{ name: t("exact"), values: sure.exact, accent: true }, { name: t("as_said"), values: sure.said, thin: true }]} />
      )}
      <Confusions cells={report.confusions} />
      <section className="card stack">
        <h2>{t("by_kind")}</h2>
        <div className="report-by">{report.by.map(([name, groups]) => <By key={name} name={name} groups={groups} />)}</div>
      </section>
      <section className="card stack">
        <header><h2>{t("worst")}</h2><span className="t3 small">{t("worst_hint")}</span></header>
        {report.worst.length === 0 ? <span className="t3">{t("no_mistake")}</span> : (
          <div className="report-worst">{report.worst.map((one, at) => <OneCrop key={at} one={one} />)}</div>
        )}
      </section>
    </>
  );
}

function Confusions({ cells }: { cells: readonly Confusion[] }) {
  const t = useTexts(texts);
  return (
    <section className="card scroll-x">
      <header><h2>{t("confusions")}</h2></header>
      {cells.length > 0 && <Matrix cells={cells} />}
      {cells.length === 0 ? <span className="t3">{t("no_mistake")}</span> : (
        <table className="table">
          <thead><tr><th>{t("truth")}</th><th>{t("read_as")}</th><th className="num">{t("times")}</th><th className="num">{t("of_all")}</th><th>{t("on")}</th></tr></thead>
          <tbody>
            {cells.map((cell) => (
              <tr key={`${cell.truth}|${cell.read}`}>
                <td>{cell.truth ? <PlateText text={cell.truth} size={15} /> : <span className="t3">{t("invented")}</span>}</td>
                <td>{cell.read ? <PlateText text={cell.read} size={15} /> : <span className="t3">{t("missed")}</span>}</td>
                <td className="num strong">{formatNumber(cell.count)}</td>
                <td className="num">{cell.of > 0 ? formatShare(cell.count / cell.of) : "–"}</td>
                <td className="wrap"><div className="report-crops">{cell.crops.map((one, at) => <OneCrop key={at} one={one} small />)}</div></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function OneCrop({ one, small = false }: { one: ShownCrop; small?: boolean }) {
  const words = `${one.truth} → ${one.read || "–"}`;
  const picture = typeof one.crop === "number"
    ? <img src={`/api/v1/media/dataset-items/${one.crop}/`} alt={words} title={words} loading="lazy" />
    : <span className="t3 tiny" title={words}>{one.crop}</span>;
  if (small) return <figure className="report-crop small">{picture}</figure>;
  return (
    <figure className="report-crop">
      {picture}
      <figcaption className="stack tight">
        <PlateText text={one.truth} />
        <span className="spread"><PlateText text={one.read} struck /><span className="t3 tiny">{formatShare(one.confidence)}</span></span>
      </figcaption>
    </figure>
  );
}

const MEASURES = ["height", "sharpness", "brightness", "format", "video"] as const;

function By({ name, groups }: { name: string; groups: readonly Group[] }) {
  const t = useTexts(texts);
  const known = MEASURES.find((one) => one === name);
  return (
    <table className="table">
      <thead><tr><th>{known ? t(known) : name}</th><th className="num">{t("crops")}</th><th className="num">{t("exact")}</th></tr></thead>
      <tbody>
        {groups.map((group, at) => {
          const [words, ends] = rangeOf(group);
          return (
            <tr key={at}>
              <td className="wrap">{words === "below" ? t("below", { value: ends }) : words === "from" ? t("from", { value: ends }) : ends || t("other")}</td>
              <td className="num">{formatNumber(group.count)}</td><td className="num strong">{formatShare(group.exact)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
