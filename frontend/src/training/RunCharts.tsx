import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "../api/client";
import { useProjectId } from "../api/queries";
import type { Curves, TrainingRun } from "../api/types";
import { fixed } from "../shared/format";
import { Chart, type Series } from "../shared/Chart";
import { useList } from "../shared/Pages";
import { useTexts } from "../shared/text";
import { isLoss, judgedBy, metricName, onSteps, qualities, smoothed, stepsOf } from "./metrics";
import { texts } from "./texts";

const MOST = 4;

/** Loss and figures over the epochs, smoothed, in logarithms, beside those of other runs. */
export function RunCharts({ run, curves, epochs }: { run: TrainingRun; curves: Curves; epochs: number | undefined }) {
  const t = useTexts(texts);
  const [weight, setWeight] = useState(0);
  const [log, setLog] = useState<boolean | null>(null);
  const [others, setOthers] = useState<readonly number[]>([]);
  const found = useQueries({
    queries: others.map((id) => ({
      queryKey: ["live", "metrics", id],
      queryFn: () => unwrap(api.GET("/api/v1/training-runs/{id}/metrics/", { params: { path: { id } } })),
    })),
  });
  const beside = others.flatMap((id, at) => { const its = found[at]?.data; return its ? [{ id, curves: its }] : []; });
  const steps = stepsOf([curves, ...beside.map((one) => one.curves)]);
  const values = (its: Curves, name: string, factor = 1) => onSteps(its, name, steps).map((value) => (value === null ? null : value * factor));
  const lines = (name: string, label: string, accent: boolean, factor = 1): Series[] => {
    const raw = values(curves, name, factor);
    const mine = weight > 0 ? [{ name: label, values: raw, accent, thin: true, quiet: true }, { name: label, values: smoothed(raw, weight), accent }] : [{ name: label, values: raw, accent }];
    const theirs = beside.filter((one) => one.curves.series[name]).map((one) => ({ name: `${t("run", { id: one.id })} ${label}`, values: smoothed(values(one.curves, name, factor), weight) }));
    return [...mine, ...theirs];
  };
  const losses = Object.keys(curves.series).filter(isLoss);
  const heldLoss = losses.find((name) => /^(val|held)_/.test(name));
  const judged = judgedBy(run.kind, Object.keys(curves.series));
  const shown = qualities(run.kind, curves).filter((name) => !/recall|precision/.test(name)).slice(0, 5);
  const positive = losses.every((name) => (curves.series[name] ?? []).every((value) => value === null || value > 0));
  const inLog = (log ?? positive) && positive;
  const xMax = Math.max(epochs ?? 0, steps.at(-1) ?? 0, 2);
  return (
    <>
      <div className="row wrap chart-tools">
        <label className="row small t2">{t("smoothing")}<input type="range" min={0} max={0.95} step={0.05} value={weight} onChange={(event) => setWeight(Number(event.target.value))} /><span className="num">{fixed(weight, 2)}</span></label>
        <label className="row small t2"><input type="checkbox" checked={inLog} disabled={!positive} onChange={(event) => setLog(event.target.checked)} />{t("log_axis")}</label>
        <Overlay run={run} chosen={others} choose={setOthers} />
      </div>
      <div className="charts">
        <Chart title={t("loss")} unit={inLog ? t("log_scale") : undefined} x={steps} xName={t("epoch")} log={inLog} xMax={xMax}
          series={losses.flatMap((name) => lines(name, name === heldLoss ? "held" : name === "loss" ? "train" : metricName(name), heldLoss ? name === heldLoss : name === "loss"))} />
        {shown.length > 0 && (
          <Chart title={t("held_vehicles")} unit="%" x={steps} xName={t("epoch")} xMax={xMax} yMax={100} digits={1}
            series={shown.flatMap((name) => lines(name, metricName(name), name === judged, 100))} />
        )}
        {curves.series.rate && <Chart title={t("rate")} x={steps} xName={t("epoch")} xMax={xMax} series={[{ name: t("rate_short"), values: values(curves, "rate"), accent: true }]} />}
        {curves.series.seconds && <Chart title={t("per_epoch")} unit="s" x={steps} xName={t("epoch")} xMax={xMax} digits={1} series={[{ name: t("seconds"), values: values(curves, "seconds"), accent: true }]} />}
      </div>
    </>
  );
}

/** Chooses up to four other runs of the kind whose curves are drawn beside. */
function Overlay({ run, chosen, choose }: { run: TrainingRun; chosen: readonly number[]; choose: (ids: readonly number[]) => void }) {
  const t = useTexts(texts);
  const project = useProjectId();
  const runs = useList(["live", "training-runs", project], (cursor) => unwrap(api.GET("/api/v1/training-runs/", { params: { query: { project, cursor } } })));
  const others = (runs.data ?? []).filter((one) => one.kind === run.kind && one.id !== run.id && !chosen.includes(one.id));
  return (
    <>
      {others.length > 0 && chosen.length < MOST && (
        <select className="input" aria-label={t("overlay")} value="" onChange={(event) => choose([...chosen, Number(event.target.value)])}>
          <option value="">{t("overlay")}</option>
          {others.map((one) => <option key={one.id} value={one.id}>{t("run", { id: one.id })}</option>)}
        </select>
      )}
      {chosen.map((id) => <button key={id} type="button" className="chip" aria-label={t("overlay_off", { id })} onClick={() => choose(chosen.filter((one) => one !== id))}>{t("run", { id })} ✕</button>)}
    </>
  );
}
