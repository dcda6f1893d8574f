import { useComputedColorScheme } from "@mantine/core";
import { type RefObject, useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { saveCsv } from "./csv";
import { formatFigure, formatMarks, formatNumber } from "./format";
import { savePng } from "./png";
import { logSteps, spread } from "./spread";
import { useTexts } from "./text";
import { texts } from "./texts";
import "./chart.css";

export interface Series {
  name: string;
  values: readonly (number | null)[];
  /** The one series that matters wears the accent; the others are quiet. */
  accent?: boolean;
  thin?: boolean;
  /** Not named at its end. */
  quiet?: boolean;
}

interface Props { title: string; unit?: string; x: readonly number[]; xName: string; series: readonly Series[]; log?: boolean; xMax?: number; yMax?: number; digits?: number }

/** Lines over epochs, drawn at real width, with name and value at their end and a table behind. */
export function Chart({ title, unit, x, xName, series, log = false, xMax, yMax, digits = 3 }: Props) {
  const t = useTexts(texts);
  const [asTable, setAsTable] = useState(false);
  const plot = useRef<uPlot | null>(null);
  return (
    <section className="card chart">
      <header>
        <h2>{title}</h2><span className="t3 small">{unit}</span><span className="grow" />
        <span className="chart-buttons">
          {!asTable && <button type="button" className="button plain small" onClick={() => plot.current && savePng(plot.current.ctx.canvas, title, xName)}>{t("png")}</button>}
          <button type="button" className="button plain small" onClick={() => saveCsv(title, xName, x, series.filter((one) => !one.quiet))}>{t("csv")}</button>
          <button type="button" className="button plain small" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>{t(asTable ? "chart" : "table")}</button>
        </span>
      </header>
      {asTable ? <Values x={x} xName={xName} series={series} digits={digits} /> : <Lines plot={plot} x={x} series={series} log={log} xMax={xMax} yMax={yMax} digits={digits} />}
    </section>
  );
}

function Values({ x, xName, series, digits }: Pick<Props, "x" | "xName" | "series"> & { digits: number }) {
  return (
    <div className="chart-table">
      <table className="table">
        <thead><tr><th className="num">{xName}</th>{series.map((one) => <th key={one.name} className="num">{one.name}</th>)}</tr></thead>
        <tbody>
          {x.map((at, row) => (
            <tr key={at}><td className="num">{at}</td>{series.map((one) => <td key={one.name} className="num">{show(one.values[row], digits)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function show(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined ? "–" : formatFigure(value, Math.abs(value) < 10 ? digits : 1);
}

/** Whole numbers only where the axis counts epochs, and no more labels than fit. */
function wholeSteps(plot: uPlot, _axis: number, min: number, max: number): number[] {
  const wanted = Math.max(1, (max - min) / (plot.width < 480 ? 3 : 6));
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= wanted) ?? wanted);
  const first = Math.ceil(min / step) * step;
  return Array.from({ length: Math.floor((max - first) / step) + 1 }, (_, index) => first + index * step);
}

/** A little room around the values on a logarithmic axis. */
function aroundLog(_plot: uPlot, min: number | null, max: number | null): [number, number] {
  return [(min ?? 0.1) / 1.3, (max ?? 1) * 1.3];
}

function axisSteps(_plot: uPlot, _axis: number, min: number, max: number): number[] {
  return logSteps(min, max);
}

/** As wide as its longest mark. */
function axisWidth(_plot: uPlot, marks: string[] | null): number {
  return Math.max(44, 16 + 7 * Math.max(0, ...(marks ?? []).map((mark) => mark.length)));
}

type LinesProps = Omit<Props, "title" | "xName" | "unit"> & { digits: number; plot: RefObject<uPlot | null> };

function Lines({ plot, x, series, log, xMax, yMax, digits }: LinesProps) {
  const holder = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("dark");
  const shape = `${scheme}|${log}|${xMax}|${yMax}|${series.map((one) => `${one.name}${one.accent}${one.thin}`).join()}`;
  const data = [x, ...series.map((one) => one.values)] as uPlot.AlignedData;
  const latest = useRef({ data, series });
  latest.current = { data, series };
  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const css = getComputedStyle(document.documentElement);
    const color = (name: string) => css.getPropertyValue(name).trim();
    const font = "11px Inter Variable, sans-serif";
    const axis = { stroke: color("--t3"), font, ticks: { show: false } };
    const made = new uPlot({
      width: element.clientWidth,
      height: 260,
      padding: [12, 96, 0, 0],
      legend: { show: false },
      cursor: { points: { size: 6 }, drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: (_plot, min, max) => [Math.min(min ?? 0, 1), xMax ?? Math.max(max ?? 1, 2)] },
        y: log ? { distr: 3, range: aroundLog } : yMax === undefined ? { range: (_plot, _min, max) => [0, (max || 1) * 1.05] } : { range: [0, yMax] },
      },
      axes: [
        { ...axis, grid: { show: false }, splits: wholeSteps, values: (_plot, splits) => splits.map((value) => formatNumber(value)) },
        { ...axis, size: axisWidth, ...(log ? { splits: axisSteps, filter: (_plot: uPlot, splits: number[]) => splits } : {}), grid: { stroke: color("--line"), width: 1 }, values: (_plot, splits) => (log ? splits.map((mark: number | null) => (mark === null ? "" : formatFigure(mark))) : formatMarks(splits)) },
      ],
      series: [{}, ...latest.current.series.map((one) => ({
        label: one.name, spanGaps: true, points: { show: () => latest.current.data[0].length < 2, size: 6 },
        stroke: color(one.accent ? "--accent-text" : "--data2"), width: one.thin ? 1 : 1.75,
      }))],
      hooks: { draw: [(drawn) => nameEnds(drawn, latest.current.series, digits, (accent) => color(accent ? "--accent-text" : "--t2"))] },
    }, latest.current.data, element);
    plot.current = made;
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: 260 }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [plot, shape, log, xMax, yMax, digits]);
  useEffect(() => plot.current?.setData(data));
  return <div ref={holder} className="chart-lines" role="img" aria-label={series.map((one) => `${one.name} ${show(lastOf(one.values), digits)}`).join(", ")} />;
}

function lastOf(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

/** Writes name and value at each line's end, pushed apart where lines end together. */
function nameEnds(plot: uPlot, series: readonly Series[], digits: number, color: (accent: boolean) => string): void {
  const ratio = devicePixelRatio || 1;
  const ends = series.flatMap((one) => {
    const at = one.values.findLastIndex((value) => value !== null);
    const value = one.values[at];
    if (one.quiet || value === null || value === undefined) return [];
    const x = plot.valToPos(Number(plot.data[0][at]), "x", true);
    return [{ one, value, x, y: plot.valToPos(value, "y", true) }];
  }).sort((a, b) => a.y - b.y);
  plot.ctx.save();
  plot.ctx.font = `550 ${11 * ratio}px Inter Variable, sans-serif`;
  plot.ctx.textBaseline = "middle";
  plot.ctx.textAlign = "left";
  const places = spread(ends.map((end) => end.y), 14 * ratio, plot.bbox.top + plot.bbox.height);
  ends.forEach(({ one, value, x }, index) => {
    plot.ctx.fillStyle = color(one.accent ?? false);
    plot.ctx.fillText(`${one.name} ${show(value, digits)}`, x + 6 * ratio, places[index] ?? 0);
  });
  plot.ctx.restore();
}
