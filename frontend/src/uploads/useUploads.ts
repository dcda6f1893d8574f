/** What is on its way into a project: from this browser, and what the server knows of. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { api, unwrap } from "../api/client";
import { afterLogin } from "../api/login-gate";
import { useSession } from "../api/queries";
import type { Schemas } from "../api/types";
import { fingerprintOf } from "./fingerprint";
import { openTus } from "./tus";
import { isMoving, type Purpose, type Sending, Uploader } from "./uploader";

export type Upload = Schemas["Upload"];

const TUS = "1.0.0";
const giveUp = async (id: number): Promise<void> => {
  await unwrap(api.DELETE("/api/v1/uploads/{id}/", { params: { path: { id }, header: { "Tus-Resumable": TUS } } }));
};

const uploader = new Uploader({
  open: openTus, afterLogin, giveUp, now: () => Date.now(), later: (run, milliseconds) => void setTimeout(run, milliseconds),
});
window.addEventListener("online", uploader.tryNow);
window.addEventListener("beforeunload", (event) => {
  if (uploader.list().some(isMoving)) event.preventDefault();
});

export interface Uploads {
  /** Sent by this browser. */
  sending: readonly Sending[];
  /** Known to the server and not sent from here: to go on with, being checked, or refused. */
  others: readonly Upload[];
  mine: (upload: Upload) => boolean;
  add: (files: Iterable<File>) => void;
  /** Goes on with an unfinished one; false if the file is another. */
  goOn: (upload: Upload, file: File) => Promise<boolean>;
  dismiss: (upload: Upload) => void;
  uploader: Uploader;
}

/** `onDone` hears each upload that became what it was sent for while the page was open. */
export function useUploads(project: number | null, purpose: Purpose, onDone: (upload: Upload) => void): Uploads {
  const client = useQueryClient();
  const me = useSession().data?.user?.username;
  const items = useSyncExternalStore(uploader.subscribe, uploader.list);
  const sending = items.filter((one) => one.project === project && one.purpose === purpose && one.state !== "done");
  const ended = items.filter((one) => one.state === "done").length;
  const rows = useQuery({
    queryKey: ["live", "uploads", project, purpose],
    queryFn: () => unwrap(api.GET("/api/v1/uploads/", { params: { query: { project: project ?? undefined, purpose, limit: 200 } } })),
    refetchInterval: (query) => (query.state.data?.results.some((row) => row.state === "checking" || row.being_sent) ? 2_000 : 15_000),
  });
  useEffect(() => {
    void client.invalidateQueries({ queryKey: ["live", "uploads"] });
  }, [client, ended, items.length]);
  const results = rows.data?.results;
  useArrivals(results, onDone);
  const here = new Set(sending.map((one) => one.id));
  return {
    sending,
    others: results?.filter((row) => row.state !== "done" && !here.has(row.id)) ?? [],
    mine: (upload) => upload.created_by === me,
    add: (files) => void begunNow(project, purpose).then((begun) => uploader.add(files, project, purpose, begun.filter((row) => row.created_by === me))),
    goOn: async (upload, file) => {
      if ((await fingerprintOf(file)) !== upload.fingerprint || file.name !== upload.name) return false;
      await uploader.add([file], project, purpose, [{ ...upload, being_sent: false }]);
      return true;
    },
    dismiss: (upload) => void giveUp(upload.id).finally(() => client.invalidateQueries({ queryKey: ["live", "uploads"] })),
    uploader,
  };
}

/** Asked anew: what another window began a moment ago counts too. */
async function begunNow(project: number | null, purpose: Purpose): Promise<Upload[]> {
  try {
    const page = await unwrap(api.GET("/api/v1/uploads/", { params: { query: { project: project ?? undefined, purpose, limit: 1000 } } }));
    return page.results;
  } catch {
    return []; // without an answer it is sent from the start
  }
}

/** Tells of each row that was seen unfinished or in check and is now done. */
function useArrivals(rows: readonly Upload[] | undefined, onDone: (upload: Upload) => void): void {
  const open = useRef(new Set<number>());
  const since = useRef(Date.now());
  const tell = useRef(onDone);
  tell.current = onDone;
  useEffect(() => {
    for (const row of rows ?? []) {
      const fresh = Date.parse(row.created_at) > since.current;
      if (row.state !== "done") open.current.add(row.id);
      else if (open.current.delete(row.id) || fresh) {
        if (!told.has(row.id)) tell.current(row);
        told.add(row.id);
      }
    }
  }, [rows]);
}

const told = new Set<number>();
