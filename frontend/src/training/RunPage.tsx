import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { api, sentenceOf, unwrap } from "../api/client";
import { isActive, useProjectId, useWorkersAlive } from "../api/queries";
import type { Curves, Job, TrainingRun } from "../api/types";
import { NoWorker, useNow } from "../jobs/JobProgress";
import { secondsLeft, shareOf, waitsTooLong } from "../jobs/progress";
import { Chart } from "../shared/Chart";
import { formatDateTime, formatNumber, formatShare, formatSpan } from "../shared/format";
import { Empty, Failed, Loading, Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Figure } from "../shared/ui";
import { Page } from "../shell/Page";
import { best, isLoss, last, metricName, qualities } from "./metrics";
import { RunState } from "./RunState";
import { texts } from "./texts";
import "./training.css";

export default function RunPage() {
  const s = useTexts(shared);
  const project = useProjectId();
  const id = Number(useParams().run);
  const run = useQuery({
    queryKey: ["live", "training-runs", "one", id],
    queryFn: () => unwrap(api.GET("/api/v1/training-runs/{id}/", { params: { path: { id } } })),
    // Without the socket the page still moves.
    refetchInterval: (query) => (query.state.data?.job && isActive(query.state.data.job) ? 5_000 : false),
  });
  if (run.data) return <OneRun run={run.data} />;
  return (
    <Page title={s("training")} parent={{ name: s("training"), to: `/p/${project}/training` }}>
      {run.error ? <Failed error={run.error} retry={() => void run.refetch()} /> : <Loading />}
    </Page>
  );
}

function OneRun({ run }: { run: TrainingRun }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const active = run.job !== null && isActive(run.job);
  const metrics = useQuery({
    queryKey: ["live", "metrics", run.id],
    queryFn: () => unwrap(api.GET("/api/v1/training-runs/{id}/metrics/", { params: { path: { id: run.id } } })),
    refetchInterval: active ? 5_000 : false,
  });
  const curves = metrics.data ?? { steps: [], series: {} };
  const client = useQueryClient();
  const order = useMutation({
    mutationFn: (what: "cancel" | "resume") => unwrap(api.POST(`/api/v1/training-runs/{id}/${what}/`, { params: { path: { id: run.id } } })),
    onSettled: () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "live" || queryKey[0] === "jobs" }),
  });
  const stopped = run.job?.state === "failed" || run.job?.state === "cancelled";
  return (
    <Page title={t("run", { id: run.id })} parent={{ name: s("training"), to: `/p/${project}/training` }}
      beside={<><RunState job={run.job} /><span className="chip hide-narrow">{s(run.kind)}</span></>}
      actions={<>
        {active && <button type="button" className="button danger" disabled={order.isPending || run.job?.state === "cancelling"} onClick={() => order.mutate("cancel")}>{t("stop")}</button>}
        {stopped && run.trained_model === null && <button type="button" className="button" disabled={order.isPending} onClick={() => order.mutate("resume")}>{t("resume")}</button>}
        <Link className="button hide-narrow" to={`/p/${project}/training/new?dataset=${run.dataset}`}>{t("clone")}</Link>
      </>}>
      {run.job && <Progress job={run.job} />}
      {order.error && <Notice kind="bad">{sentenceOf(order.error)}</Notice>}
      <Figures run={run} curves={curves} />
      {metrics.error ? <Failed error={metrics.error} retry={() => void metrics.refetch()} /> : curves.steps.length > 0 ? <Charts run={run} curves={curves} /> : null}
      <div className="run-lower">
        {curves.steps.length > 0 ? <EpochsTable curves={curves} /> : active ? <Empty title={t("waiting_first")}>{t("waiting_first_body")}</Empty> : <span />}
        <Lineage run={run} />
      </div>
    </Page>
  );
}

function Progress({ job }: { job: Job }) {
  const now = useNow(isActive(job));
  const alive = useWorkersAlive(job.state === "queued");
  const share = shareOf(job);
  return (
    <>
      {isActive(job) && <div className={share === null ? "bar unknown" : "bar"} role="progressbar" aria-valuenow={Math.round((share ?? 0) * 100)}><i style={{ width: `${(share ?? 0) * 100}%` }} /></div>}
      {job.state === "failed" && <Notice kind="bad">{job.error}</Notice>}
      {!alive && waitsTooLong(job, now) && <NoWorker />}
    </>
  );
}

function configOf(run: TrainingRun): Record<string, unknown> {
  return (run.config ?? {}) as Record<string, unknown>;
}

function epochsOf(run: TrainingRun): number | undefined {
  const { epochs } = configOf(run);
  return typeof epochs === "number" ? epochs : undefined;
}

function Figures({ run, curves }: { run: TrainingRun; curves: Curves }) {
  const t = useTexts(texts);
  const job = run.job;
  const now = useNow(job !== null && isActive(job));
  const [judged, second] = qualities(run.kind, curves);
  const spent = job?.started_at ? ((job.ended_at ? Date.parse(job.ended_at) : now) - Date.parse(job.started_at)) / 1000 : null;
  const done = curves.steps.at(-1) ?? 0;
  const epochs = epochsOf(run);
  const rate = last(curves.series.rate);
  const each = last(curves.series.seconds) ?? (spent !== null && done > 0 ? spent / done : null);
  const guess = job && job.state === "running" ? secondsLeft(job, now) : null;
  const left = each !== null && epochs && job?.state === "running" ? each * (epochs - done) : guess;
  return (
    <section className="card figures">
      <Figure name={t("epoch")} unit={epochs ? t("of", { total: epochs }) : null}>{done}</Figure>
      <Figure name={t(run.kind === "recognizer" ? "exact" : "map")} unit={judged && t("best", { value: formatShare(best(curves.series[judged])) })}>{judged ? formatShare(last(curves.series[judged])) : "–"}</Figure>
      {job && isActive(job) ? <Figure name={t("left")}>{left === null ? "–" : formatSpan(left)}</Figure> : <Figure name={t("took")}>{spent === null ? "–" : formatSpan(spent)}</Figure>}
      <Figure name={t("per_epoch")}>{each === null ? "–" : formatSpan(each)}</Figure>
      {second && <Figure name={run.kind === "recognizer" && second === "char" ? t("char") : metricName(second)}>{formatShare(last(curves.series[second]))}</Figure>}
      <Figure name={t("rate")}>{rate === null ? "–" : rate.toExponential(1)}</Figure>
    </section>
  );
}

function Charts({ run, curves }: { run: TrainingRun; curves: Curves }) {
  const t = useTexts(texts);
  const losses = Object.keys(curves.series).filter(isLoss);
  const shown = qualities(run.kind, curves).filter((name) => !/recall|precision/.test(name)).slice(0, 5);
  const heldLoss = losses.find((name) => /^(val|held)_/.test(name));
  const values = (name: string) => curves.series[name] ?? [];
  const positive = losses.every((name) => values(name).every((value) => value === null || value > 0));
  const percent = (name: string) => values(name).map((value) => (value === null ? null : value * 100));
  const xMax = Math.max(epochsOf(run) ?? 0, curves.steps.at(-1) ?? 0, 2);
  return (
    <div className="charts">
      <Chart title={t("loss")} unit={positive ? t("log_scale") : undefined} x={curves.steps} xName={t("epoch")} log={positive} xMax={xMax}
        series={losses.map((name) => ({ name: name === heldLoss ? "held" : name === "loss" ? "train" : metricName(name), values: values(name), accent: heldLoss ? name === heldLoss : name === "loss" }))} />
      {shown.length > 0 && (
        <Chart title={t("held_vehicles")} unit="%" x={curves.steps} xName={t("epoch")} xMax={xMax} yMax={100} digits={1}
          series={shown.map((name, index) => ({ name: metricName(name), values: percent(name), accent: index === 0 }))} />
      )}
    </div>
  );
}

function EpochsTable({ curves }: { curves: Curves }) {
  const t = useTexts(texts);
  const names = Object.keys(curves.series);
  return (
    <section className="card">
      <header><h2>{t("epochs_table")}</h2></header>
      <div className="epochs-table scroll-x">
        <table className="table">
          <thead><tr><th className="num">{t("epoch")}</th>{names.map((name) => <th key={name} className="num">{metricName(name)}</th>)}</tr></thead>
          <tbody>
            {curves.steps.map((step, row) => ({ step, row })).reverse().map(({ step, row }) => (
              <tr key={step}><td className="num">{step}</td>{names.map((name) => {
                const value = curves.series[name]?.[row];
                return <td key={name} className="num t2">{value === null || value === undefined ? "" : Math.abs(value) < 0.001 && value !== 0 ? value.toExponential(1) : formatNumber(value)}</td>;
              })}</tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Lineage({ run }: { run: TrainingRun }) {
  const t = useTexts(texts);
  const project = useProjectId();
  return (
    <section className="card">
      <header><h2>{t("lineage")}</h2></header>
      <dl className="facts">
        <dt>{t("dataset")}</dt><dd><Link to={`/p/${project}/datasets/${run.dataset}`}>{run.dataset_name}</Link></dd>
        <dt>{t("parent")}</dt><dd>{run.parent === null ? t("scratch") : <Link to={`/p/${project}/models/${run.parent}`}>{run.parent}</Link>}</dd>
        <dt>{t("preset")}</dt><dd>{String(configOf(run).preset ?? "–")}</dd>
        <dt>{t("seed")}</dt><dd>{run.seed}</dd>
        <dt>{t("started_by")}</dt><dd>{[run.created_by, formatDateTime(run.created_at)].filter(Boolean).join(", ")}</dd>
        {run.trained_model !== null && <><dt>{t("result")}</dt><dd><Link to={`/p/${project}/models/${run.trained_model}`}>{t("result")} {run.trained_model}</Link></dd></>}
      </dl>
    </section>
  );
}
