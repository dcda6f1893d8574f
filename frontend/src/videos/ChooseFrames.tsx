import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, sentenceOf, unwrap } from "../api/client";
import { useProjectId } from "../api/queries";
import type { Schemas, Video } from "../api/types";
import { formatBytes, formatNumber, formatSpan } from "../shared/format";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { Segments, TextField } from "../shared/ui";
import { bytesPerFrame, type KeptRule, keptOf, MOST_A_SECOND, needsMeasure, readRule, roughly, type Rule, type Typed, type Way } from "./selection";
import { texts } from "./texts";

interface Props {
  readonly video: Video;
  readonly typed: Typed;
  readonly change: (to: Typed) => void;
  readonly measured: boolean;
  /** Null while it is being measured already. */
  readonly measure: (() => void) | null;
  readonly busy: boolean;
  /** The rule that the project's videos begin with. */
  readonly kept: KeptRule;
  readonly manages: boolean;
}

/** The rule by which frames are taken, with what it would take, live. */
export function ChooseFrames({ video, typed, change, measured, measure, busy, kept, manages }: Props) {
  const t = useTexts(texts);
  const client = useQueryClient();
  const set = (name: keyof Typed) => (event: { target: { value: string } }) => change({ ...typed, [name]: event.target.value });
  const { rule, errors } = readRule(typed, video.duration);
  const says = (name: keyof typeof errors) => errors[name] && t(errors[name], { most: MOST_A_SECOND });
  const start = useMutation({
    mutationFn: (body: Rule) => unwrap(api.POST("/api/v1/videos/{id}/split/", { params: { path: { id: video.id } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
  const project = useProjectId();
  const keep = useMutation({
    mutationFn: (selection_defaults: KeptRule) => unwrap(api.PATCH("/api/v1/projects/{id}/", { params: { path: { id: project } }, body: { selection_defaults } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["project", project] }),
  });
  const same = rule !== null && JSON.stringify(keptOf(rule)) === JSON.stringify(keptOf(kept));
  const estimate = useEstimate(video, rule, measured);
  const frames = estimate.data?.frames ?? (rule && !(measured && estimate.isPending) ? roughly(rule, video) : null);
  const filtered = rule !== null && needsMeasure(rule);
  return (
    <form className="card stack" onSubmit={(event) => { event.preventDefault(); if (rule) start.mutate(rule); }}>
      <h2>{t("choose_frames")}</h2>
      <div className="segments-wide">
        <Segments<Way> label={t("rule")} value={typed.way} onChange={(way) => change({ ...typed, way })} options={[["second", t("by_time")], ["moves", t("while_moves")], ["nth", t("by_count")]]} />
      </div>
      <div className="grid-2">
        {typed.way === "nth"
          ? <TextField label={t("every_nth")} inputMode="numeric" value={typed.every} onChange={set("every")} error={says("every")} />
          : <TextField label={t("frames_a_second")} hint={t("per_s")} inputMode="decimal" value={typed.fps} onChange={set("fps")} error={says("fps")} />}
        {typed.way === "moves"
          ? <TextField label={t("motion_above")} hint={t("of_picture")} inputMode="decimal" value={typed.motion} onChange={set("motion")} error={says("motion")} />
          : <TextField label={t("at_most")} hint={t("no_limit")} inputMode="numeric" value={typed.cap} onChange={set("cap")} error={says("cap")} />}
        <TextField label={t("from")} value={typed.start} onChange={set("start")} error={says("start")} />
        <TextField label={t("to")} value={typed.end} onChange={set("end")} error={says("end")} />
      </div>
      <label className="check">
        <input type="checkbox" checked={typed.unlike} onChange={(event) => change({ ...typed, unlike: event.target.checked })} />
        <span className="grow">{t("unlike")}</span>
      </label>
      {(typed.unlike || typed.way === "moves") && (
        <div className="grid-2">
          {typed.unlike && <TextField label={t("alike_up_to")} hint={t("bits")} inputMode="numeric" value={typed.bits} onChange={set("bits")} error={says("bits")} />}
          {typed.way === "moves" && <TextField label={t("at_most")} hint={t("no_limit")} inputMode="numeric" value={typed.cap} onChange={set("cap")} error={says("cap")} />}
        </div>
      )}
      <hr />
      <p className="spread">
        <span><span className="big">{frames === null ? "–" : formatNumber(frames)}</span> <span className="t2">{t(estimate.data ? "kept" : "would_be", { count: frames ?? 0 })}</span></span>
      </p>
      <Sum video={video} frames={frames} estimate={estimate.data ?? null} />
      {filtered && !measured && (
        <div className="stack tight">
          <p className="t2 small">{t(measure ? "measure_first" : "measuring_now")}</p>
          {measure && <button type="button" className="button wide" onClick={measure}>{t("measure")}</button>}
        </div>
      )}
      {(start.error ?? estimate.error) && <Notice kind="bad">{sentenceOf(start.error ?? estimate.error)}</Notice>}
      <button type="submit" className="button primary wide" disabled={!rule || busy || start.isPending}>{t("make_frames")}</button>
      {keep.error && <Notice kind="bad">{sentenceOf(keep.error)}</Notice>}
      {manages && rule && (
        <button type="button" className="button wide" disabled={same || keep.isPending} onClick={() => keep.mutate(keptOf(rule))}>{t(same ? "rule_kept" : "keep_rule")}</button>
      )}
      {Object.keys(errors).length > 0 && <p className="t2 small">{t("fix")}</p>}
    </form>
  );
}

/** What the rule takes, exactly; only where the activity is measured. */
function useEstimate(video: Video, rule: Rule | null, measured: boolean) {
  const client = useQueryClient();
  return useQuery({
    queryKey: ["videos", "estimate", video.id, rule],
    enabled: measured && rule !== null,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      if (rule === null) return null;
      const told = await unwrap(api.POST("/api/v1/selections/estimate/", { body: { video: video.id, ...rule }, signal }));
      if ("frames" in told) return told;
      // What is ignored changed since: it is being measured anew.
      void client.invalidateQueries({ queryKey: ["jobs"] });
      void client.invalidateQueries({ queryKey: ["videos", "activity", video.id] });
      return null;
    },
  });
}

function Sum({ video, frames, estimate }: { video: Video; frames: number | null; estimate: Schemas["Estimate"] | null }) {
  const t = useTexts(texts);
  const out = estimate ? estimate.considered - estimate.frames : 0;
  return (
    <dl className="facts">
      {estimate && <><dt>{t("looked_at")}</dt><dd>{formatNumber(estimate.considered)}</dd></>}
      {estimate && <><dt>{t("left_out")}</dt><dd>{out ? `−${formatNumber(out)}` : "0"}</dd></>}
      {estimate && <><dt>{t("idle")}</dt><dd>{estimate.idle_seconds < 0.5 ? "0 s" : formatSpan(estimate.idle_seconds)}</dd></>}
      <dt>{t("already")}</dt><dd>{t("already_kept", { count: video.frames })}</dd>
      {frames !== null && <><dt>{t("on_disk")}</dt><dd>{t("about", { size: formatBytes(frames * bytesPerFrame(video.width, video.height)) })}</dd></>}
    </dl>
  );
}
