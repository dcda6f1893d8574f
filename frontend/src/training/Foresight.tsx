import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, sentenceOf, unwrap } from "../api/client";
import { isActive } from "../api/queries";
import type { Schemas } from "../api/types";
import { formatNumber, formatSpan } from "../shared/format";
import { useLanguage } from "../shared/language";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { Action } from "../shared/ui";
import { texts } from "./texts";

export type StartTraining = Schemas["StartTrainingRequest"];
type Checked = Schemas["CheckedTraining"];

const SETTLED = 400; // ms without a key before the server is asked

/** A time limit as typed: null is none, undefined is no number. */
export function minutesOf(text: string): number | null | undefined {
  if (!text.trim()) return null;
  const minutes = Number(text);
  return Number.isInteger(minutes) && minutes >= 1 ? minutes : undefined;
}

/** What the server says of a training that might be started, once nobody types any more. */
export function useCheck(asked: StartTraining | null) {
  const now = JSON.stringify(asked);
  const [settled, setSettled] = useState(now);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(now), SETTLED);
    return () => clearTimeout(timer);
  }, [now]);
  return useQuery({
    queryKey: ["training-check", settled, useLanguage()],
    enabled: settled !== "null",
    queryFn: () => unwrap(api.POST("/api/v1/training-runs/check/", { body: JSON.parse(settled) as StartTraining })),
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (query.state.data?.measuring && isActive(query.state.data.measuring) ? 2_000 : false),
  });
}

const gigabytes = (mb: number) => formatNumber(mb / 1000, undefined, 1);

/** Why it cannot start, or how long it takes and in how much memory, measured when asked for. */
export function Foresight({ asked, checked, again }: { asked: StartTraining; checked: Checked | undefined; again: () => void }) {
  const t = useTexts(texts);
  const measure = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/training-runs/estimate/", { body: asked })),
    onSettled: again,
  });
  if (!checked) return null;
  const { estimate, measuring, refusal } = checked;
  const active = measuring !== null && isActive(measuring);
  return (
    <section className="card stack">
      <header><h2>{t("foresight")}</h2></header>
      {refusal && <Notice kind="bad">{refusal}</Notice>}
      {measuring?.state === "failed" && !refusal && <Notice kind="warn">{measuring.error}</Notice>}
      {measure.error && <Notice kind="bad">{sentenceOf(measure.error)}</Notice>}
      {estimate ? (
        <dl className="facts">
          <dt>{t("takes")}</dt><dd><b>{t("takes_range", { low: formatSpan(estimate.seconds_low), high: formatSpan(estimate.seconds_high) })}</b></dd>
          <dt /><dd className="t3 small">{t("takes_detail", { epochs: estimate.epochs, each: formatSpan(estimate.epoch_seconds) })}</dd>
          <dt>{t("memory")}</dt><dd><b>{gigabytes(estimate.memory_mb)} GB</b></dd>
          <dt /><dd className="t3 small">{t("memory_of", { total: gigabytes(estimate.memory_total_mb), device: estimate.device })}</dd>
        </dl>
      ) : !active && <p className="t2 small">{t("not_measured")}</p>}
      {active && <p className="t2 small" role="status">{t("measuring")} {measuring.state === "queued" && t("measuring_waits")}</p>}
      {!active && (!refusal || measuring) && <Action disabled={measure.isPending} onClick={() => measure.mutate()}>{t(estimate || measuring ? "measure_again" : "measure")}</Action>}
    </section>
  );
}
