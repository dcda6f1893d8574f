import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { api, sentenceOf, unwrap } from "../api/client";
import { useProjectId } from "../api/queries";
import type { Camera, CameraRun, Kind, Schemas } from "../api/types";
import { useList } from "../shared/Pages";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { SelectField, TextField } from "../shared/ui";
import { texts } from "./texts";

interface Options { seconds?: number; keep_all?: boolean; reading?: { detect_every?: number; tiles?: number; around_cars?: boolean } }

/** How a camera is to be recorded and read; at first as the last time. */
export function StartRecording({ camera, before }: { camera: Camera; before: CameraRun | undefined }) {
  const t = useTexts(texts);
  const project = useProjectId();
  const client = useQueryClient();
  const models = useList(["models", project], (cursor) => unwrap(api.GET("/api/v1/models/", { params: { query: { project, cursor } } })));
  const start = useMutation({
    mutationFn: (body: Schemas["StartRecordingRequest"]) => unwrap(api.POST("/api/v1/camera-runs/", { body })),
    onSuccess: () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "live" || queryKey[0] === "jobs" }),
  });
  const last = (before?.options ?? {}) as Options;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    start.mutate({
      camera: camera.id, seconds: Number(form.get("seconds")), keep_all: form.get("keep_all") !== null,
      detector: String(form.get("detector")), recognizer: String(form.get("recognizer")),
      fps: 10, skip_idle: true, detect_every: Number(form.get("detect_every")), tiles: Number(form.get("tiles")) || 1, around_cars: form.get("tiles") === "cars",
    });
  };
  const choice = (kind: Kind) => (
    <SelectField key={`${kind}${models.data?.length}`} label={t(kind)} name={kind} defaultValue={before?.[kind] ?? ""}>
      <option value="">{t("usual")}</option>
      {models.data?.filter((model) => model.kind === kind).map((model) => <option key={model.id} value={model.id}>{model.name}</option>)}
    </SelectField>
  );
  return (
    <form className="card stack" onSubmit={submit}>
      <h2>{t("recording_title")}</h2>
      <TextField label={t("seconds")} hint={t("seconds_hint")} name="seconds" type="number" min={5} max={3600} required defaultValue={last.seconds ?? 30} />
      {choice("detector")}
      {choice("recognizer")}
      <SelectField label={t("detect_every")} name="detect_every" defaultValue={last.reading?.detect_every ?? 2}>
        <option value={1}>{t("detect_all")}</option>
        {[2, 3, 4, 5].map((every) => <option key={every} value={every}>{t("detect_some", { every })}</option>)}
      </SelectField>
      <SelectField label={t("tiles")} name="tiles" defaultValue={last.reading?.around_cars ? "cars" : last.reading?.tiles ?? 1}>
        <option value={1}>{t("tiles_none")}</option>
        <option value="cars">{t("tiles_cars")}</option>
        {[2, 3, 4, 5].map((across) => <option key={across} value={across}>{t("tiles_parts", { across })}</option>)}
      </SelectField>
      <div className="stack tight">
        <label className="check"><input type="checkbox" name="keep_all" defaultChecked={last.keep_all ?? false} />{t("keep_all")}</label>
        <p className="t3 small">{t("keep_hint")}</p>
      </div>
      {start.error && <Notice kind="bad">{sentenceOf(start.error)}</Notice>}
      <button type="submit" className="button primary wide" disabled={start.isPending || camera.source_host === ""}>{t("start")}</button>
      {camera.source_host === "" && <p className="t2 small">{t("needs_address")}</p>}
    </form>
  );
}
