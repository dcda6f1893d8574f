import { type ReactNode, useState } from "react";
import { formatNumber } from "./format";
import { useTexts } from "./text";
import { texts } from "./texts";
import "./chart.css";

interface CardProps {
  title: string;
  hint?: ReactNode;
  /** The numbers behind the picture, shown on demand: column names, then rows. */
  head: readonly string[];
  rows: readonly (readonly (string | number)[])[];
  children: ReactNode;
}

/** A chart with its numbers as a table on demand. */
export function ChartCard({ title, hint, head, rows, children }: CardProps) {
  const t = useTexts(texts);
  const [asTable, setAsTable] = useState(false);
  return (
    <section className="card chart">
      <header>
        <h2>{title}</h2>{hint}<span className="grow" />
        <span className="chart-buttons">
          <button type="button" className="button plain small" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>{t(asTable ? "chart" : "table")}</button>
        </span>
      </header>
      {!asTable ? children : (
        <div className="chart-table" tabIndex={0} role="region" aria-label={title}>
          <table className="table">
            <thead><tr>{head.map((name, at) => <th key={name} className={at ? "num" : undefined}>{name}</th>)}</tr></thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row[0]}>{row.map((cell, at) => <td key={at} className={at ? "num" : undefined}>{typeof cell === "number" ? formatNumber(cell) : cell}</td>)}</tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

export interface Bar {
  name: string;
  /** From the bottom up; the first wears the accent where there are several. */
  values: readonly number[];
  /** Below the bar; none leaves the place empty. */
  mark?: string;
  weak?: boolean;
  /** Of a character's bar: whether it is a digit. */
  digit?: boolean;
}

/** Bars from zero, side by side over the whole width; weak ones amber. */
export function Bars({ bars, title }: { bars: readonly Bar[]; title: string }) {
  const sum = (bar: Bar) => bar.values.reduce((total, value) => total + value, 0);
  const most = Math.max(1, ...bars.map(sum));
  const several = bars.some((bar) => bar.values.length > 1);
  return (
    <div className="bars-frame">
      <span className="bars-most tiny t3" aria-hidden="true">{formatNumber(most)}</span>
      <ul className="bars" aria-label={title}>
        {bars.map((bar) => (
          <li key={bar.name} title={`${bar.name}: ${formatNumber(sum(bar))}`} data-weak={bar.weak || undefined}>
            <span className="visually-hidden">{`${bar.name}: ${formatNumber(sum(bar))}`}</span>
            <span className="bars-column" aria-hidden="true">
              {bar.values.map((value, at) => value > 0 && (
                <i key={at} data-accent={(several && at === 0) || undefined} style={{ height: `max(2px, ${(value / most) * 100}%)` }} />
              ))}
            </span>
            <b className={bar.digit === undefined ? undefined : "mono"} data-digit={bar.digit || undefined} aria-hidden="true">{bar.mark ?? " "}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}
