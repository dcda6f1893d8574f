import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { api, sentenceOf, unwrap } from "../api/client";
import { isActive, useProjectId, useWorkersAlive } from "../api/queries";
import type { Curves, Job, TrainingRun } from "../api/types";
import { NoWorker, useNow } from "../jobs/JobProgress";
import { secondsLeft, shareOf, waitsTooLong } from "../jobs/progress";
import { formatDateTime, formatFigure, formatNumber, formatShare, formatSpan } from "../shared/format";
import { Empty, Failed, Loading, Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Figure } from "../shared/ui";
import { Page } from "../shell/Page";
import { best, last, metricName, qualities } from "./metrics";
import { RunCharts } from "./RunCharts";
import { RunState } from "./RunState";
import { Samples } from "./Samples";
import { texts } from "./texts";
import "./training.css";

type Order = "cancel" | "resume" | "now" | "epoch";
/** More rows than this are in the CSV, not in the page. */
const MOST_ROWS = 200;

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
    mutationFn: (what: Order): Promise<unknown> => {
      const params = { path: { id: run.id } };
      if (what === "cancel" || what === "resume") return unwrap(api.POST(`/api/v1/training-runs/{id}/${what}/`, { params }));
      return unwrap(api.POST("/api/v1/training-runs/{id}/stop/", { params, body: { when: what } }));
    },
    onSettled: () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "live" || queryKey[0] === "jobs" }),
  });
  const busy = order.isPending || run.job?.state === "cancelling";
  const stopped = run.job?.state === "failed" || run.job?.state === "cancelled";
  const buttons = (
    <>
      {active && curves.steps.length > 0 && run.stop === "" && <button type="button" className="button" disabled={busy} title={t("stop_epoch_hint")} onClick={() => order.mutate("epoch")}>{t("stop_epoch")}</button>}
      {active && curves.steps.length > 0 && run.stop !== "now" && <button type="button" className="button danger" disabled={busy} title={t("stop_hint")} onClick={() => order.mutate("now")}>{t("stop")}</button>}
      {active && <button type="button" className="button" disabled={busy} title={t("pause_hint")} onClick={() => order.mutate("cancel")}>{t(run.job?.state === "queued" ? "dequeue" : "pause")}</button>}
      {stopped && run.trained_model === null && <button type="button" className="button" disabled={order.isPending} onClick={() => order.mutate("resume")}>{t("resume")}</button>}
      <Link className="button" to={`/p/${project}/training/new?clone=${run.id}`}>{t("clone")}</Link>
    </>
  );
  return (
    <Page title={t("run", { id: run.id })} parent={{ name: s("training"), to: `/p/${project}/training` }}
      beside={<><RunState job={run.job} /><span className="chip hide-narrow">{s(run.kind)}</span></>}
      actions={<div className="row hide-narrow">{buttons}</div>}>
      <div className="row wrap only-narrow">{buttons}</div>
      {run.job && <Progress job={run.job} />}
      {order.error && <Notice kind="bad">{sentenceOf(order.error)}</Notice>}
      {active && run.stop !== "" && <Notice kind="ok">{t(run.stop === "now" ? "stopping_now" : "stopping_epoch")}</Notice>}
      <Budget run={run} />
      <Figures run={run} curves={curves} />
      {metrics.error ? <Failed error={metrics.error} retry={() => void metrics.refetch()} /> : curves.steps.length > 0 ? <RunCharts run={run} curves={curves} epochs={epochsOf(run)} /> : null}
      <Samples run={run} active={active} />
      <div className="run-lower">
        {curves.steps.length > 0 ? <EpochsTable run={run} curves={curves} /> : active ? <Empty title={t("waiting_first")}>{t("waiting_first_body")}</Empty> : <span />}
        <div className="stack"><Lineage run={run} /><Environment run={run} /></div>
      </div>
      {run.job && <Log job={run.job} />}
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

/** Of all its settings once it has begun, before that what was asked over the preset. */
function epochsOf(run: TrainingRun): number | undefined {
  const { config } = (run.environment ?? {}) as { config?: Record<string, unknown> };
  const { epochs } = config ?? configOf(run);
  return typeof epochs === "number" ? epochs : undefined;
}

interface Limit { minutes: number; asked: number; epochs: number; epoch_seconds: number; stopped_after?: number }

/** What became of the time limit, if the run has one. */
function Budget({ run }: { run: TrainingRun }) {
  const t = useTexts(texts);
  const { budget } = (run.environment ?? {}) as { budget?: Limit };
  if (!budget) return null;
  const { minutes, asked, epochs, stopped_after: epoch } = budget;
  if (epoch !== undefined) return <Notice kind="warn">{t("budget_stopped", { minutes, epoch, epochs })}</Notice>;
  if (budget.epoch_seconds > minutes * 60) return <Notice kind="warn">{t("budget_too_short", { minutes })}</Notice>;
  return epochs < asked ? <Notice kind="ok">{t("budget_fits", { minutes, epochs, asked })}</Notice> : null;
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
      <Figure name={t("epoch")} unit={epochs ? t("of", { total: epochs }) : null}>{formatNumber(done)}</Figure>
      <Figure name={t(run.kind === "recognizer" ? "exact" : "map")} unit={judged && t("best", { value: formatShare(best(curves.series[judged])) })}>{judged ? formatShare(last(curves.series[judged])) : "–"}</Figure>
      {job && isActive(job) ? <Figure name={t("left")}>{left === null ? "–" : formatSpan(left)}</Figure> : <Figure name={t("took")}>{spent === null ? "–" : formatSpan(spent)}</Figure>}
      <Figure name={t("per_epoch")}>{each === null ? "–" : formatSpan(each)}</Figure>
      {second && <Figure name={run.kind === "recognizer" && second === "char" ? t("char") : metricName(second)}>{formatShare(last(curves.series[second]))}</Figure>}
      <Figure name={t("rate")}>{rate === null ? "–" : rate.toExponential(1)}</Figure>
    </section>
  );
}

function EpochsTable({ run, curves }: { run: TrainingRun; curves: Curves }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const names = Object.keys(curves.series);
  return (
    <section className="card">
      <header><h2 className="grow">{t("epochs_table")}</h2><a className="button plain small" href={`/api/v1/training-runs/${run.id}/csv/`} download>{s("csv")}</a></header>
      <div className="epochs-table scroll-x">
        <table className="table">
          <thead><tr><th className="num">{t("epoch")}</th>{names.map((name) => <th key={name} className="num">{metricName(name)}</th>)}</tr></thead>
          <tbody>
            {curves.steps.map((step, row) => ({ step, row })).slice(-MOST_ROWS).reverse().map(({ step, row }) => (
              <tr key={step}><td className="num">{step}</td>{names.map((name) => {
                const value = curves.series[name]?.[row];
                return <td key={name} className="num t2">{value === null || value === undefined ? "" : formatFigure(value)}</td>;
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
        <dt>{t("parent")}</dt><dd>{run.parent === null ? t("scratch") : <Link to={`/p/${project}/models/${run.parent}`}>{run.parent_name}</Link>}</dd>
        <dt>{t("preset")}</dt><dd>{String(configOf(run).preset ?? "–")}</dd>
        <dt>{t("seed")}</dt><dd>{run.seed}</dd>
        <dt>{t("started_by")}</dt><dd>{[run.created_by, formatDateTime(run.created_at)].filter(Boolean).join(", ")}</dd>
        {run.trained_model !== null && <><dt>{t("result")}</dt><dd><Link to={`/p/${project}/models/${run.trained_model}`}>{run.model_name}</Link></dd></>}
      </dl>
    </section>
  );
}

/** With what it ran: for whoever wants the same again. */
function Environment({ run }: { run: TrainingRun }) {
  const t = useTexts(texts);
  const { config, ...facts } = (run.environment ?? {}) as Record<string, unknown>;
  if (Object.keys(facts).length === 0) return null;
  const rows = (told: object) => Object.entries(told).map(([name, value]) => [<dt key={name}>{name.replaceAll("_", " ")}</dt>, <dd key={`${name} `} className="small">{value !== null && typeof value === "object" ? JSON.stringify(value) : String(value)}</dd>]);
  return (
    <section className="card">
      <details><summary>{t("environment")}</summary><dl className="facts">{rows(facts)}</dl></details>
      {config !== null && typeof config === "object" && <details><summary>{t("all_settings")}</summary><dl className="facts">{rows(config)}</dl></details>}
    </section>
  );
}

/** The last words of the program that trains, when somebody wants to see them. */
function Log({ job }: { job: Job }) {
  const t = useTexts(texts);
  const [open, setOpen] = useState(false);
  const log = useQuery({
    queryKey: ["live", "log", job.id],
    enabled: open,
    queryFn: () => unwrap(api.GET("/api/v1/jobs/{id}/log/", { params: { path: { id: job.id } } })),
    refetchInterval: isActive(job) ? 5_000 : false,
  });
  return (
    <details className="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("log")}</summary>
      <pre className="log">{log.data?.log || t("log_empty")}</pre>
    </details>
  );
}
