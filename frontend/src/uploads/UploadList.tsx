import { useEffect, useRef, useState } from "react";
import { formatBytes, formatSpan } from "../shared/format";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { secondsLeft, speedOf, together } from "./pace";
import { texts } from "./texts";
import type { Sending } from "./uploader";
import { isMoving } from "./uploader";
import type { Upload, Uploads } from "./useUploads";
import "./uploads.css";

/** Everything on its way into this page's list, each with what can be done about it. */
export function UploadList({ uploads, accept }: { uploads: Uploads; accept: string }) {
  const t = useTexts(texts);
  const { others } = uploads;
  const sending = uploads.sending.filter((one) => one.state !== "failed");
  const failed = uploads.sending.filter((one) => one.state === "failed");
  const now = useTick(sending.some(isMoving));
  const moving = sending.filter(isMoving);
  const checked = others.filter((row) => row.state === "refused" || row.state === "expired");
  const open = others.filter((row) => row.state === "sending" || row.state === "checking");
  if (uploads.sending.length + others.length === 0) return null;
  return (
    <section className="stack" aria-label={t("files")}>
      {failed.map((one) => <Closable key={one.key} name={one.name} said={one.error} close={() => uploads.uploader.forget(one.key)} />)}
      {checked.map((row) => <Refused key={row.id} row={row} uploads={uploads} />)}
      {(sending.length > 0 || open.length > 0) && (
        <div className="card uploads">
          {moving.length > 1 && <Together files={moving} now={now} />}
          <ul>
            {sending.map((one) => <OnItsWay key={one.key} one={one} now={now} uploads={uploads} />)}
            {open.map((row) => <Known key={row.id} row={row} uploads={uploads} accept={accept} />)}
          </ul>
        </div>
      )}
    </section>
  );
}

function Together({ files, now }: { files: readonly Sending[]; now: number }) {
  const t = useTexts(texts);
  const sum = together(files, now);
  return (
    <div className="upload-row">
      <span className="strong name">{t("together", { count: files.length })}</span>
      <Figures sent={sum.sent} size={sum.size} speed={sum.speed} left={sum.left} />
      <Bar sent={sum.sent} size={sum.size} name={t("together", { count: files.length })} />
    </div>
  );
}

function Figures({ sent, size, speed, left }: { sent: number; size: number; speed: number | null; left: number | null }) {
  const t = useTexts(texts);
  return (
    <span className="t2 figures-line">
      <span>{t("sent_of", { sent: formatBytes(sent), size: formatBytes(size) })}</span>
      {speed !== null && <span>{t("speed", { speed: formatBytes(speed) })}</span>}
      {left !== null && <span>{t("time_left", { span: formatSpan(left) })}</span>}
    </span>
  );
}

function Bar({ sent, size, name, unknown = false }: { sent: number; size: number; name: string; unknown?: boolean }) {
  const share = size ? Math.min(1, sent / size) : 0;
  return (
    <div className={unknown ? "bar unknown" : "bar"} role="progressbar" aria-label={name} aria-valuenow={unknown ? undefined : Math.floor(share * 100)}>
      <i style={{ width: `${share * 100}%` }} />
    </div>
  );
}

function OnItsWay({ one, now, uploads }: { one: Sending; now: number; uploads: Uploads }) {
  const t = useTexts(texts);
  const { pause, resume, cancel } = uploads.uploader;
  const speed = one.state === "sending" ? speedOf(one.marks, now) : null;
  return (
    <li className="upload-row">
      <span className="name">{one.name}</span>
      {one.state === "sending"
        ? <Figures sent={one.sent} size={one.size} speed={speed} left={secondsLeft(one.size - one.sent, speed)} />
        : <span className={one.state === "away" ? "warn figures-line" : "t2 figures-line"} role="status">{one.state === "done" || one.state === "failed" ? "" : t(one.state)}</span>}
      <span className="row">
        {one.state === "paused"
          ? <button type="button" className="button small" aria-label={t("resume_named", { name: one.name })} onClick={() => resume(one.key)}>{t("resume")}</button>
          : <button type="button" className="button small" aria-label={t("pause_named", { name: one.name })} onClick={() => pause(one.key)}>{t("pause")}</button>}
        <button type="button" className="button small" aria-label={t("cancel_named", { name: one.name })} onClick={() => cancel(one.key)}>{t("cancel")}</button>
      </span>
      <Bar sent={one.sent} size={one.size} name={one.name} />
    </li>
  );
}

/** A row of the server that this window is not sending. */
function Known({ row, uploads, accept }: { row: Upload; uploads: Uploads; accept: string }) {
  const t = useTexts(texts);
  const picker = useRef<HTMLInputElement>(null);
  const [wrong, setWrong] = useState("");
  const sizes = { sent: formatBytes(row.offset), size: formatBytes(row.size) };
  const mine = uploads.mine(row);
  const again = async (file: File | undefined) => {
    setWrong("");
    if (file && !(await uploads.goOn(row, file))) setWrong(file.name);
  };
  if (row.state === "checking") {
    return (
      <li className="upload-row">
        <span className="name">{row.name}</span>
        <span className="t2 figures-line" role="status">{t("checking")}</span>
        <Bar sent={0} size={0} name={row.name} unknown />
      </li>
    );
  }
  const said = !mine ? t("somebody", { who: row.created_by, ...sizes }) : t(row.being_sent ? "elsewhere" : "unfinished", sizes);
  return (
    <li className="upload-row">
      <span className="name">{row.name}</span>
      <span className="t2 figures-line">{said}</span>
      {mine && (
        <span className="row">
          <input ref={picker} type="file" accept={accept} hidden onChange={(event) => { void again(event.target.files?.[0]); event.target.value = ""; }} />
          {!row.being_sent && <button type="button" className="button small" aria-label={`${t("choose_again")}: ${row.name}`} onClick={() => picker.current?.click()}>{t("choose_again")}</button>}
          <button type="button" className="button small" aria-label={t("cancel_named", { name: row.name })} onClick={() => uploads.dismiss(row)}>{t("cancel")}</button>
        </span>
      )}
      <Bar sent={row.offset} size={row.size} name={row.name} />
      {wrong && <Notice kind="warn">{t("other_file", { name: wrong })}</Notice>}
    </li>
  );
}

function Refused({ row, uploads }: { row: Upload; uploads: Uploads }) {
  const t = useTexts(texts);
  const said = row.state === "expired" ? t("expired", { name: row.name }) : row.error;
  return <Closable name={row.name} said={said} close={uploads.mine(row) ? () => uploads.dismiss(row) : undefined} />;
}

/** A sentence about a file that stays until somebody closes it; it names the file in any case. */
function Closable({ name, said, close }: { name: string; said: string; close?: () => void }) {
  const s = useTexts(shared);
  return (
    <Notice kind="bad">
      <div className="spread">
        <span>{!said.includes(name) && <strong>{name} </strong>}{said}</span>
        {close && <button type="button" className="button small" aria-label={`${s("close")}: ${name}`} onClick={close}>{s("close")}</button>}
      </div>
    </Notice>
  );
}

/** The time, twice a second while something moves: speeds fall when nothing comes. */
function useTick(running: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}
