import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, sentenceOf, unwrap } from "../api/client";
import type { DatasetVersion, Kind, Project, Video } from "../api/types";
import { useList } from "../shared/Pages";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Segments, SelectField, TextField } from "../shared/ui";
import { bodyOf, type Format, formats, type Order, parseSize, usualSize, type What } from "./order";
import { texts } from "./texts";
import "./exports.css";

const MANAGER = 4;
const first: Order = { what: "labelled", kind: "detector", format: "yolo", dataset: null, video: null, label: "", size: "", hidden: false, withVideos: true };

/** Choose what, in which format and how; made in the background. */
export function ExportForm({ project }: { project: Project }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const client = useQueryClient();
  const [order, setOrder] = useState(first);
  const set = (change: Partial<Order>) => setOrder((old) => ({ ...old, ...change }));
  const body = bodyOf(project.id, order);
  const make = useMutation({
    mutationFn: (given: NonNullable<typeof body>) => unwrap(api.POST("/api/v1/exports/", { body: given })),
    onSuccess: () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "exports" || queryKey[0] === "jobs" }),
  });
  const choices: (readonly [What, string])[] = [["labelled", t("labelled")], ["version", t("version")]];
  if (project.role === MANAGER) choices.push(["project", t("project")]);
  return (
    <form className="card stack export-form" onSubmit={(event) => { event.preventDefault(); if (body) make.mutate(body); }}>
      <div className="row wrap"><Segments<What> label={t("what")} value={order.what} options={choices} onChange={(what) => set({ what })} /></div>
      {order.what === "project" ? (
        <>
          <p className="t2">{t("project_hint")}</p>
          <Check checked={order.withVideos} onChange={(withVideos) => set({ withVideos })}>{t("with_videos")}</Check>
        </>
      ) : (
        <>
          <div className="grid-3">
            {order.what === "version" && <VersionField project={project.id} value={order.dataset} onChange={(version) => set(version ? { dataset: version.id, ...fitting(order, version.kind) } : { dataset: null })} />}
            <FormatField order={order} onChange={(kind, format) => set({ kind, format })} />
            {order.what === "labelled" && <VideoField project={project.id} value={order.video} onChange={(video) => set({ video })} />}
            {order.what === "labelled" && order.kind === "detector" && (
              <SelectField label={t("label")} value={order.label} onChange={(event) => set({ label: event.target.value })}>
                <option value="">{t("all_labels")}</option>
                {project.labels.map((label) => <option key={label.id} value={label.name}>{label.name}</option>)}
              </SelectField>
            )}
            <TextField label={t("size")} hint={usualSize(order.kind, order.format) ? t("size_usual", { size: usualSize(order.kind, order.format) }) : t("size_hint")}
              value={order.size} placeholder={usualSize(order.kind, order.format)} onChange={(event) => set({ size: event.target.value })}
              error={parseSize(order.size) === null ? t("size_wrong") : undefined} />
          </div>
          {order.kind === "detector" && (
            <div className="stack tight">
              <Check checked={order.hidden} onChange={(hidden) => set({ hidden })}>{t("hidden")}</Check>
              {order.hidden && <p className="t3 small">{t("hidden_hint")}</p>}
            </div>
          )}
        </>
      )}
      {make.error && <Notice kind="bad">{sentenceOf(make.error)}</Notice>}
      <div><button type="submit" className="button primary" disabled={!body || make.isPending}>{t("export")}</button> <span className="t3 small">{make.isSuccess && s("made")}</span></div>
    </form>
  );
}

function fitting(order: Order, kind: Kind): { kind: Kind; format: Format } {
  const known = formats[kind].some(([format]) => format === order.format);
  return { kind, format: known ? order.format : formats[kind][0]?.[0] ?? "csv" };
}

function Check({ checked, onChange, children }: { checked: boolean; onChange: (to: boolean) => void; children: React.ReactNode }) {
  return <label className="check"><input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />{children}</label>;
}

/** A version's formats are those of its kind; of everything labelled, both kinds are offered. */
function FormatField({ order, onChange }: { order: Order; onChange: (kind: Kind, format: Format) => void }) {
  const t = useTexts(texts);
  const options = (kind: Kind) => formats[kind].map(([format, name]) => <option key={`${kind}:${format}`} value={`${kind}:${format}`}>{name}</option>);
  return (
    <SelectField label={t("format")} value={`${order.kind}:${order.format}`} onChange={(event) => {
      const [kind, format] = event.target.value.split(":");
      onChange(kind === "recognizer" ? "recognizer" : "detector", format as Format);
    }}>
      {order.what === "version" ? options(order.kind) : (
        <>
          <optgroup label={t("frames_with_boxes")}>{options("detector")}</optgroup>
          <optgroup label={t("crops_with_texts")}>{options("recognizer")}</optgroup>
        </>
      )}
    </SelectField>
  );
}

function VersionField({ project, value, onChange }: { project: number; value: number | null; onChange: (version: DatasetVersion | undefined) => void }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const versions = useList(["datasets", project], (cursor) => unwrap(api.GET("/api/v1/datasets/", { params: { query: { project, cursor } } })));
  return (
    <SelectField label={t("version")} value={value ?? ""} onChange={(event) => onChange(versions.data?.find((one) => one.id === Number(event.target.value)))}>
      <option value="">{t("choose")}</option>
      {versions.data?.map((one) => <option key={one.id} value={one.id}>{s(one.kind)} {one.number}{one.note && `: ${one.note}`}</option>)}
    </SelectField>
  );
}

function VideoField({ project, value, onChange }: { project: number; value: number | null; onChange: (video: number | null) => void }) {
  const t = useTexts(texts);
  const videos = useList<Video>(["videos", project], (cursor) => unwrap(api.GET("/api/v1/videos/", { params: { query: { project, cursor } } })));
  return (
    <SelectField label={t("video")} value={value ?? ""} onChange={(event) => onChange(event.target.value ? Number(event.target.value) : null)}>
      <option value="">{t("all_videos")}</option>
      {videos.data?.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
    </SelectField>
  );
}
