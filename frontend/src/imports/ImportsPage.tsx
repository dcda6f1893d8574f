import { useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { Link, useNavigate } from "react-router";
import { api, unwrap } from "../api/client";
import { useJobs, useProjectId } from "../api/queries";
import type { ImportBatch } from "../api/types";
import { useCommands } from "../shared/commands";
import { formatDateTime, formatNumber } from "../shared/format";
import { More, useList } from "../shared/Pages";
import { Empty, Shown } from "../shared/States";
import { translator, useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Action } from "../shared/ui";
import { Page } from "../shell/Page";
import { DropZone } from "../uploads/DropZone";
import { UploadList } from "../uploads/UploadList";
import { useUploads } from "../uploads/useUploads";
import { FromServer } from "../videos/AddVideos";
import { RunState } from "../training/RunState";
import { sumOf } from "./counts";
import { formatName, texts } from "./texts";
import "../videos/videos.css";

const ACCEPT = ".zip,.csv,.json,.txt,.yaml,.yml";

export default function ImportsPage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const go = useNavigate();
  const project = useProjectId();
  const client = useQueryClient();
  const picker = useRef<HTMLInputElement>(null);
  const sent = useRef(0);
  const batches = useList(["imports", project], (cursor) => unwrap(api.GET("/api/v1/imports/", { params: { query: { project, cursor } } })));
  const open = (batch: { id: number }) => void go(`/p/${project}/imports/${batch.id}`);
  // One file alone is opened when it is there; of several, the list shows them.
  const uploads = useUploads(project, "import", (upload) => {
    void client.invalidateQueries({ queryKey: ["imports"] });
    if (upload.batch !== null && sent.current === 1) open({ id: upload.batch });
  });
  const some = uploads.sending.length + uploads.others.length > 0;
  const choose = () => picker.current?.click();
  useCommands([{ id: "choose-import", name: { en: translator(texts, "en")("choose"), es: translator(texts, "es")("choose") }, keys: "V", run: choose }]);
  const take = (files: Iterable<File>) => {
    const all = [...files];
    sent.current += all.length;
    uploads.add(all);
  };
  const button = <Action primary k="V" onClick={choose}>{t("choose")}</Action>;
  return (
    <Page title={s("imports")} actions={Boolean(batches.data?.length) && button}>
      <input ref={picker} type="file" accept={ACCEPT} multiple hidden
        onChange={(event) => { take([...(event.target.files ?? [])]); event.target.value = ""; }} />
      <DropZone onFiles={take}>
        <UploadList uploads={uploads} accept={ACCEPT} />
        <Shown query={batches}>
          {(rows) => rows.length === 0 ? !some && <Empty title={t("first_title")} actions={button}>{t("first_body")}</Empty> : (
            <section className="card scroll-x">
              <table className="table">
                <thead><tr><th>{t("file")}</th><th className="hide-narrow">{t("format")}</th><th className="num hide-narrow">{t("seen")}</th><th className="num">{t("imported")}</th><th>{s("state")}</th><th className="hide-narrow">{s("made")}</th></tr></thead>
                <tbody>
                  {rows.map((batch) => {
                    const sum = sumOf(batch.counts);
                    return (
                      <tr key={batch.id} data-link onClick={() => open(batch)}>
                        <td><Link to={`/p/${project}/imports/${batch.id}`}>{batch.name}</Link></td>
                        <td className="t2 hide-narrow">{formatName(batch.format) || "–"}</td>
                        <td className="num hide-narrow">{formatNumber(sum.seen)}</td>
                        <td className="num">{batch.dry_run ? "–" : formatNumber(sum.imported)}</td>
                        <td><BatchState batch={batch} /></td>
                        <td className="t3 hide-narrow">{formatDateTime(batch.created_at)}</td>
                      </tr>
                    );
                  })}
                </tbody>
              </table>
              <More list={batches} />
            </section>
          )}
        </Shown>
        <section className="card"><FromServer label={s("import")} done={open} send={(path) => unwrap(api.POST("/api/v1/imports/", { body: { project, path } }))} /></section>
      </DropZone>
    </Page>
  );
}

/** A file that could not be examined has no format: then its job says why. */
function BatchState({ batch }: { batch: ImportBatch }) {
  const t = useTexts(texts);
  const job = useJobs().data?.results.find((one) => one.id === batch.job);
  if (job && job.state !== "succeeded") return <RunState job={job} />;
  return batch.dry_run ? <span className="chip">{t("checked")}</span> : <span className="chip ok">{t("done")}</span>;
}
