import { useState } from "react";
import type { ImportDetail } from "../api/types";
import { formatNumber } from "../shared/format";
import { useTexts } from "../shared/text";
import type { Mapping } from "./counts";
import { texts } from "./texts";

/** The sheet of cut-outs: cells of 144x96 pixels, six a row, shown at half. */
const CELL = { width: 72, height: 48, across: 6 };
const NEW = "\u0000new";

interface Props {
  batch: ImportDetail; mapping: Mapping; known: readonly string[]; open: boolean;
  onChange: (label: string, to: string | null | undefined) => void;
}

/** Each class of the file: how many boxes, what they look like, and what they become. */
export function Classes({ batch, mapping, known, open, onChange }: Props) {
  const t = useTexts(texts);
  const labels = Object.entries(batch.labels);
  const used = Object.values(mapping).filter(Boolean).length;
  return (
    <section className="card">
      <header><h2>{t("classes")}</h2><span className="t3 small">{t("classes_used", { count: labels.length, used })}</span></header>
      <table className="table classes">
        <thead><tr><th>{t("class_name")}</th><th className="num">{t("boxes")}</th><th className="looks">{t("looks_like")}</th><th>{t("becomes")}</th></tr></thead>
        <tbody>
          {labels.map(([label, count]) => (
            <tr key={label}>
              <td className="wrap"><span className="strong">{label}</span> {batch.needs_map && <span className="t3 small">{t("no_name")}</span>}<Inside batch={batch} label={label} /></td>
              <td className="num">{formatNumber(count)}</td>
              <td className="looks"><Samples batch={batch} label={label} /></td>
              <td><Becomes label={label} to={mapping[label]} known={known} open={open} onChange={(to) => onChange(label, to)} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Why the program guessed: plates lie inside cars and are much smaller. */
function Inside({ batch, label }: { batch: ImportDetail; label: string }) {
  const t = useTexts(texts);
  const { inside = 0, host } = batch.classes[label] ?? {};
  if (!host || inside < 0.25 || label.startsWith("-")) return null;
  return <span className="t3 small block">{t("inside", { share: Math.round(inside * 100), host })}</span>;
}

function Samples({ batch, label }: { batch: ImportDetail; label: string }) {
  const t = useTexts(texts);
  const { row, cells = 0 } = batch.classes[label] ?? {};
  if (!batch.samples || row === undefined) return <span className="t3 small">{t(batch.labels[label] ? "no_samples" : "only_tags")}</span>;
  return (
    <span className="samples" role="img" aria-label={t("samples_of", { name: label, count: cells })}>
      {Array.from({ length: cells }, (_, cell) => (
        <i key={cell} style={{
          backgroundImage: `url("${batch.samples}")`, backgroundSize: `${CELL.width * CELL.across}px auto`,
          backgroundPosition: `-${cell * CELL.width}px -${row * CELL.height}px`,
        }} />
      ))}
    </span>
  );
}

/** A label of the project, a new one, or none. */
function Becomes({ label, to, known, open, onChange }: {
  label: string; to: string | null | undefined; known: readonly string[]; open: boolean; onChange: (to: string | null | undefined) => void;
}) {
  const t = useTexts(texts);
  const fresh = to !== null && to !== undefined && !known.includes(to);
  const [naming, setNaming] = useState(false);
  const options = [...new Set([...known, ...(fresh && to ? [to] : []), ...(/^-?\d+$/.test(label) ? [] : [label])])];
  const name = `${label}: ${t("becomes")}`;
  if (naming && open) {
    return (
      <span className="row">
        <input className="input" aria-label={`${label}: ${t("new_name")}`} autoFocus maxLength={40} value={to ?? ""} placeholder={t("new_name")}
          onChange={(event) => onChange(event.target.value)} />
        <button type="button" className="button small" onClick={() => { setNaming(false); if (!to?.trim()) onChange(null); }}>{t("ok")}</button>
      </span>
    );
  }
  const choose = (value: string) => {
    if (value === NEW) { setNaming(true); onChange(""); }
    else onChange(value === "?" ? undefined : value || null);
  };
  return (
    <span className="row">
      <i className="swatch" data-label={to ?? ""} />
      <select className="input" aria-label={name} disabled={!open} value={to === undefined ? "?" : (to ?? "")} onChange={(event) => choose(event.target.value)}>
        {to === undefined && <option value="?">{t("choose_class")}</option>}
        {options.map((one) => <option key={one} value={one}>{known.includes(one) ? one : t("new_label", { name: one })}</option>)}
        <option value="">{t("leave_out")}</option>
        <option value={NEW}>{t("new_other")}</option>
      </select>
    </span>
  );
}
