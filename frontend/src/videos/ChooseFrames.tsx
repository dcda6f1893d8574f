import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, sentenceOf, unwrap } from "../api/client";

import type { Video } from "../api/types";
import { formatBytes, formatClock, formatNumber, parseClock } from "../shared/format";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { Segments, TextField } from "../shared/ui";
import { bytesPerFrame, framesTaken, type Rule } from "./selection";
import { texts } from "./texts";

type By = "fps" | "every";
const MOST = 60;

/** The rule by which frames are taken, with what it would take, live. */
export function ChooseFrames({ video, busy }: { video: Video; busy: boolean }) {
  const t = useTexts(texts);
  const client = useQueryClient();
  const [by, setBy] = useState<By>("fps");
  const [typed, setTyped] = useState({ fps: "1", every: "6", start: formatClock(0), end: video.duration ? formatClock(Math.ceil(video.duration)) : "" });
  const set = (name: keyof typeof typed) => (event: { target: { value: string } }) => setTyped({ ...typed, [name]: event.target.value });
  const { rule, errors } = readRule(by, typed, video.duration);
  const start = useMutation({
    mutationFn: (body: Rule) => unwrap(api.POST("/api/v1/videos/{id}/split/", { params: { path: { id: video.id } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
  const taken = rule ? framesTaken(rule, video) : null;
  const wrong = Object.keys(errors).length > 0;
  return (
    <form className="card stack" onSubmit={(event) => { event.preventDefault(); if (rule) start.mutate(rule); }}>
      <h2>{t("choose_frames")}</h2>
      <div className="segments-wide"><Segments<By> label={t("rule")} value={by} onChange={setBy} options={[["fps", t("by_time")], ["every", t("by_count")]]} /></div>
      {by === "fps"
        ? <TextField label={t("frames_a_second")} hint={t("per_s")} inputMode="decimal" value={typed.fps} onChange={set("fps")} error={errors.fps && t("bad_rate", { most: MOST })} />
        : <TextField label={t("every_nth")} inputMode="numeric" value={typed.every} onChange={set("every")} error={errors.every && t("bad_every")} />}
      <div className="grid-2">
        <TextField label={t("from")} value={typed.start} onChange={set("start")} error={errors.start && t("bad_time")} />
        <TextField label={t("to")} value={typed.end} onChange={set("end")} error={errors.end && t(errors.end)} />
      </div>
      <hr />
      <p><span className="big">{taken === null ? "–" : formatNumber(taken)}</span> <span className="t2">{t("would_be", { count: taken ?? 0 })}</span></p>
      <dl className="facts">
        <dt>{t("already")}</dt><dd>{t("already_kept", { count: video.frames })}</dd>
        {taken !== null && <><dt>{t("on_disk")}</dt><dd>{t("about", { size: formatBytes(taken * bytesPerFrame(video.width, video.height)) })}</dd></>}
      </dl>
      {start.error && <Notice kind="bad">{sentenceOf(start.error)}</Notice>}
      <button type="submit" className="button primary wide" disabled={!rule || busy || start.isPending}>{t("make_frames")}</button>
      {wrong && <p className="t2 small">{t("fix")}</p>}
    </form>
  );
}

interface Errors { fps?: true; every?: true; start?: true; end?: "bad_time" | "bad_order" }

/** What was typed as a rule, or what is wrong with it. An end at or past the recording's is no end. */
export function readRule(by: By, typed: Record<"fps" | "every" | "start" | "end", string>, duration: number | null): { rule: Rule | null; errors: Errors } {
  const errors: Errors = {};
  const fps = Number(typed.fps.replace(",", "."));
  const every = Number(typed.every);
  const start = parseClock(typed.start || "0");
  const end = typed.end.trim() ? parseClock(typed.end) : null;
  if (by === "fps" && !(fps > 0 && fps <= MOST)) errors.fps = true;
  if (by === "every" && !(Number.isInteger(every) && every >= 1)) errors.every = true;
  if (start === null) errors.start = true;
  if (typed.end.trim() && end === null) errors.end = "bad_time";
  else if (start !== null && end !== null && end <= start) errors.end = "bad_order";
  if (Object.keys(errors).length || start === null) return { rule: null, errors };
  const open = end === null || (duration !== null && end >= duration);
  return { rule: { fps: by === "fps" ? fps : null, every: by === "every" ? every : null, start, end: open ? null : end }, errors };
}
