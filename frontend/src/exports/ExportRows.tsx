import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import { api, sentenceOf, unwrap } from "../api/client";
import type { Export } from "../api/types";
import { formatBytes, formatDateTime } from "../shared/format";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { formatName, inside } from "./order";
import { texts } from "./texts";
import "./exports.css";

const ANNOTATED = "annotated-video";
const looks: Partial<Record<Export["state"], string>> = { ready: "chip ok", failed: "chip bad", running: "chip on", queued: "chip on", cancelling: "chip warn" };

/** What was exported: state, what is inside, size, until when, and what can be done with it. */
export function ExportRows({ rows, exports: may }: { rows: readonly Export[]; exports: boolean }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  return (
    <div className="scroll-x">
      <table className="table exports">
        <thead>
          <tr>
            <th>{t("what")}</th><th>{s("state")}</th><th className="hide-narrow">{t("inside")}</th><th className="num hide-narrow">{t("bytes")}</th>
            <th className="hide-narrow">{t("expires")}</th><th className="hide-narrow">{s("by")}</th><th className="hide-narrow">{s("made")}</th><th />
          </tr>
        </thead>
        <tbody>{rows.map((row) => <One key={row.id} row={row} may={may} />)}</tbody>
      </table>
    </div>
  );
}

function One({ row, may }: { row: Export; may: boolean }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const client = useQueryClient();
  const [sure, setSure] = useState(false);
  const fresh = { onSettled: () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "exports" || queryKey[0] === "jobs" }) };
  const path = { path: { id: row.id } };
  const again = useMutation({ mutationFn: () => unwrap(api.POST("/api/v1/exports/{id}/again/", { params: path })), ...fresh });
  const remove = useMutation({ mutationFn: () => unwrap(api.DELETE("/api/v1/exports/{id}/", { params: path })), ...fresh });
  const over = row.state !== "queued" && row.state !== "running" && row.state !== "cancelling";
  const problem = again.error ?? remove.error;
  const said = problem ? sentenceOf(problem) : row.error;
  return (
    <Fragment>
      <tr data-export={row.id} data-state={row.state}>
        <td><What row={row} /></td>
        <td><span className={looks[row.state] ?? "chip"}>{row.state === "running" && <i className="dot" />}{t(row.state)}</span></td>
        <td className="t2 hide-narrow export-inside">{inside(row.counts).map(([name, count]) => t(name, { count })).join(", ") || "–"}</td>
        <td className="num hide-narrow">{row.bytes === null ? "–" : formatBytes(row.bytes)}</td>
        <td className="t2 hide-narrow">{row.state === "ready" ? formatDateTime(row.expires_at) : "–"}</td>
        <td className="t2 hide-narrow">{row.created_by}</td>
        <td className="t3 hide-narrow">{formatDateTime(row.created_at)}</td>
        <td className="num deeds">
          <span className="row">
            {may && row.file && <a className="button small" href={row.file} download>{s("download")}</a>}
            {may && over && row.state !== "ready" && row.format !== ANNOTATED && <button type="button" className="button small" disabled={again.isPending} onClick={() => again.mutate()}>{t("again")}</button>}
            {may && over && (
              <button type="button" className={sure ? "button small danger" : "button small"} disabled={remove.isPending} onBlur={() => setSure(false)}
                onClick={() => (sure ? remove.mutate() : setSure(true))}>{t(sure ? "really" : "delete")}</button>
            )}
          </span>
        </td>
      </tr>
      {said && <tr><td colSpan={8} className="wrap bad" role="alert">{said}</td></tr>}
    </Fragment>
  );
}

/** "YOLO, everything labelled, plates hidden". */
function What({ row }: { row: Export }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  if (row.format === "project") return <>{t("project")}{!row.with_videos && <span className="t3">, {t("without_videos")}</span>}</>;
  if (row.format === ANNOTATED) return <>{t("annotated")}</>;
  const [kind, number] = row.version.split(":");
  const of = row.version ? `${s(kind === "recognizer" ? "recognizer" : "detector")} ${number}` : t("labelled");
  return <>{formatName(row.format)} <span className="t3">{of}{row.hidden && `, ${t("plates_hidden")}`}</span></>;
}
