import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type DragEvent, type ReactNode, useRef, useState } from "react";
import { sentenceOf, upload } from "../api/client";
import { type Id } from "../api/queries";
import type { Video } from "../api/types";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { TextField } from "../shared/ui";
import { texts } from "./texts";

interface Sending { key: number; name: string; share: number; error?: string; stop: () => void }

let nextKey = 0;

/** Sends files one after the other and says how far each is. */
export function useUploads(project: Id) {
  const client = useQueryClient();
  const [sendings, setSendings] = useState<Sending[]>([]);
  const line = useRef(Promise.resolve());
  const change = (key: number, to: Partial<Sending> | null) =>
    setSendings((now) => now.flatMap((one) => (one.key !== key ? [one] : to ? [{ ...one, ...to }] : [])));
  const send = async (key: number, file: File, signal: AbortSignal) => {
    const form = new FormData();
    form.set("project", String(project));
    form.set("file", file);
    try {
      await upload<Video>("videos/", form, (share) => change(key, { share }), signal);
      change(key, null);
      await client.invalidateQueries({ predicate: ({ queryKey }) => ["videos", "stats", "jobs"].includes(String(queryKey[0])) });
    } catch (error) {
      if (signal.aborted) change(key, null);
      else change(key, { error: sentenceOf(error) });
    }
  };
  const add = (files: Iterable<File>) => {
    for (const file of files) {
      const key = nextKey++;
      const stop = new AbortController();
      setSendings((now) => [...now, { key, name: file.name, share: 0, stop: () => { stop.abort(); change(key, null); } }]);
      line.current = line.current.then(() => (stop.signal.aborted ? undefined : send(key, file, stop.signal)));
    }
  };
  return { sendings, add };
}

export function Uploads({ sendings }: { sendings: readonly Sending[] }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  return sendings.map((one) => one.error ? (
    <Notice key={one.key} kind="bad">
      <div className="spread">
        <span>{one.error}</span>
        <button type="button" className="button small" onClick={one.stop}>{s("close")}</button>
      </div>
    </Notice>
  ) : (
    <div key={one.key} className="card stack tight" role="status">
      <div className="spread">
        <span className="t2 ellipsis">{t(one.share < 1 ? "uploading" : "checking", { name: one.name })}</span>
        <span className="row">
          <span>{Math.floor(one.share * 100)} %</span>
          <button type="button" className="button small" onClick={one.stop}>{s("stop")}</button>
        </span>
      </div>
      <div className={one.share < 1 ? "bar" : "bar unknown"}><i style={{ width: `${one.share * 100}%` }} /></div>
    </div>
  ));
}

/** Catches files dropped anywhere on its children. */
export function DropZone({ onFiles, children }: { onFiles: (files: Iterable<File>) => void; children: ReactNode }) {
  const t = useTexts(texts);
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    onFiles(event.dataTransfer.files);
  };
  return (
    <div className="dropzone stack" data-over={over || undefined} data-says={t("drop_here")} onDrop={drop}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }}
      onDragLeave={(event) => { if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false); }}>
      {children}
    </div>
  );
}

/** Names a recording that is on the server already. */
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
