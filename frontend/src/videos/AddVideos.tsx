import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { sentenceOf } from "../api/client";
import { type Id, isActive, parametersOf, useJob } from "../api/queries";
import { JobProgress } from "../jobs/JobProgress";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { TextField } from "../shared/ui";
import { texts } from "./texts";

/** Names a file that is on the server already. */
export function FromServer({ label, send, done }: {
  label: string; send: (path: string) => Promise<{ id: Id }>; done: (made: { id: Id }) => void;
}) {
  const t = useTexts(texts);
  const add = useMutation({ mutationFn: send, onSuccess: done });
  return (
    <form className="stack tight" onSubmit={(event) => {
      event.preventDefault();
      add.mutate(String(new FormData(event.currentTarget).get("path")));
    }}>
      <div className="row end">
        <div className="grow"><TextField label={t("server_path")} hint={t("server_hint")} name="path" required autoComplete="off" /></div>
        <button type="submit" className="button" disabled={add.isPending}>{label}</button>
      </div>
      {add.error && <Notice kind="bad">{sentenceOf(add.error)}</Notice>}
    </form>
  );
}

/** A recording of the server being checked, or why it was refused. */
export function BeingBrought({ job: id }: { job: Id }) {
  const t = useTexts(texts);
  const client = useQueryClient();
  const job = useJob(id).data;
  const state = job?.state;
  useEffect(() => {
    if (state === "succeeded") void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "videos" || queryKey[0] === "stats" });
  }, [client, state]);
  if (!job || state === "succeeded") return null;
  const name = t("checking", { name: String(parametersOf(job).name ?? "") });
  return isActive(job) ? <JobProgress job={job} name={name} /> : <Notice kind="bad">{job.error}</Notice>;
}
