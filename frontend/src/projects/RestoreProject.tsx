import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { Link } from "react-router";
import { sentenceOf, upload } from "../api/client";
import { isActive, parametersOf, useJob } from "../api/queries";
import type { Job } from "../api/types";
import { formatShare } from "../shared/format";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { TextField } from "../shared/ui";
import { texts } from "./texts";

const MOST = 100 * 1024 ** 2;

/** Make a project of an archive that was exported here or on another server. */
export function RestoreProject() {
  const t = useTexts(texts);
  const [file, setFile] = useState<File>();
  const [share, setShare] = useState(0);
  const send = useMutation({
    mutationFn: (form: FormData) => upload<Job>("projects/restore/", form, setShare),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    send.mutate(new FormData(event.currentTarget));
  };
  const tooLarge = (file?.size ?? 0) > MOST;
  return (
    <form className="card stack" onSubmit={submit}>
      <header className="stack tight"><h2>{t("restore")}</h2><p className="t3 small">{t("restore_hint")}</p></header>
      <div className="grid-2 wide">
        <TextField label={t("archive")} type="file" name="file" accept=".zip" required onChange={(event) => setFile(event.target.files?.[0])} error={tooLarge ? t("too_large") : undefined} />
        <TextField label={t("restored_name")} hint={t("restored_name_hint")} name="name" maxLength={110} />
      </div>
      {send.error && <Notice kind="bad">{sentenceOf(send.error)}</Notice>}
      {send.data && <Restored job={send.data.id} />}
      <div className="row">
        <button type="submit" className="button" disabled={!file || tooLarge || send.isPending}>{t("restore_do")}</button>
        {send.isPending && <span className="t2" role="status">{t("sending", { share: formatShare(share, 0) })}</span>}
      </div>
    </form>
  );
}

function Restored({ job: id }: { job: number }) {
  const t = useTexts(texts);
  const client = useQueryClient();
  const job = useJob(id).data;
  const done = job?.state === "succeeded";
  useEffect(() => {
    if (done) void client.invalidateQueries({ queryKey: ["projects"] });
  }, [client, done]);
  if (!job || isActive(job)) return <p className="t2" role="status">{t("restoring")}</p>;
  if (!done) return <Notice kind="bad">{job.error || t("restore_stopped")}</Notice>;
  const { project, name } = (job.result ?? {}) as { project?: number; name?: string };
  return <Notice kind="ok">{t("restored")} <Link to={`/p/${project ?? parametersOf(job).made}`}>{name}</Link></Notice>;
}
