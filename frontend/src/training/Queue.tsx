import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, sentenceOf, unwrap } from "../api/client";
import { useProjectId } from "../api/queries";
import type { Schemas } from "../api/types";
import { shareOf } from "../jobs/progress";
import { formatDateTime } from "../shared/format";
import { useList } from "../shared/Pages";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { RunState } from "./RunState";
import { texts } from "./texts";

type To = Schemas["MoveTrainingRequest"]["to"];

/** What trains and what waits, in the order of their turns, which managers change. */
export function Queue() {
  const t = useTexts(texts);
  const project = useProjectId();
  const client = useQueryClient();
  const queue = useQuery({
    queryKey: ["live", "training-queue", project],
    queryFn: () => unwrap(api.GET("/api/v1/training-runs/queue/", { params: { query: { project } } })),
    refetchInterval: (query) => (query.state.data?.length ? 5_000 : false),
  });
  const order = useMutation({
    mutationFn: ({ id, to }: { id: number; to: To | "cancel" }): Promise<unknown> => to === "cancel"
      ? unwrap(api.POST("/api/v1/training-runs/{id}/cancel/", { params: { path: { id } } }))
      : unwrap(api.POST("/api/v1/training-runs/{id}/move/", { params: { path: { id } }, body: { to } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["live"] }),
  });
  const rows = queue.data ?? [];
  if (rows.length === 0) return null;
  const waiting = rows.filter((run) => run.job?.state === "queued");
  return (
    <section className="card" aria-label={t("queue")}>
      <header><h2 className="grow">{t("queue")}</h2><span className="t2 small">{t("waiting", { count: waiting.length })}</span></header>
      <p className="t3 small">{t("queue_hint")}</p>
      {order.error && <Notice kind="bad">{sentenceOf(order.error)}</Notice>}
      <ol className="queue">
        {rows.map((run) => {
          const place = waiting.indexOf(run);
          const share = run.job && place < 0 ? shareOf(run.job) : null;
          const button = (to: To | "cancel", sign: string, off: boolean) => (
            <button key={to} type="button" className="button small" aria-label={t(`to_${to}`, { id: run.id })} title={t(`to_${to}`, { id: run.id })} disabled={off || order.isPending} onClick={() => order.mutate({ id: run.id, to })}>{sign}</button>
          );
          return (
            <li key={run.id}>
              <span className="num t2 queue-place">{place < 0 ? "▶" : place + 1}</span>
              <Link to={`/p/${project}/training/${run.id}`}>{t("run", { id: run.id })}</Link>
              <span className="t2 small queue-name">{run.dataset_name}, {String((run.config as Record<string, unknown>).preset ?? "")}</span>
              {place < 0 ? <><RunState job={run.job} />{share !== null && <div className="bar"><i style={{ width: `${share * 100}%` }} /></div>}</> : (
                <span className="row queue-buttons">{button("first", "⤒", place === 0)}{button("earlier", "↑", place === 0)}{button("later", "↓", place === waiting.length - 1)}{button("cancel", "✕", false)}</span>
              )}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** Trainings that start by themselves. */
export function Schedules() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const client = useQueryClient();
  const rows = useList(["live", "training-schedules", project], (cursor) => unwrap(api.GET("/api/v1/training-schedules/", { params: { query: { project, cursor } } })));
  const drop = useMutation({
    mutationFn: (id: number) => unwrap(api.DELETE("/api/v1/training-schedules/{id}/", { params: { path: { id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["live", "training-schedules"] }),
  });
  if (!rows.data?.length) return null;
  return (
    <section className="card" aria-label={t("planned")}>
      <header><h2>{t("planned")}</h2></header>
      {drop.error && <Notice kind="bad">{sentenceOf(drop.error)}</Notice>}
      <ol className="queue">
        {rows.data.map((one) => (
          <li key={one.id}>
            <span>{s(one.kind)}, {String((one.config as Record<string, unknown>).preset ?? "")}</span>
            <span className="t2 small queue-name">{one.nightly ? t("nightly_at", { at: one.at.slice(0, 5) }) : ""}{one.next_at ? ` ${t("next_at", { when: formatDateTime(one.next_at) })}` : t("has_been")}</span>
            {one.run !== null && <Link to={`/p/${project}/training/${one.run}`}>{t("run", { id: one.run })}</Link>}
            <button type="button" className="button small" aria-label={t("drop_plan")} title={t("drop_plan")} disabled={drop.isPending} onClick={() => drop.mutate(one.id)}>✕</button>
            {one.error && <Notice kind="bad">{one.error}</Notice>}
          </li>
        ))}
      </ol>
    </section>
  );
}
