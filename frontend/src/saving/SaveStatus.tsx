import { Modal } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";

import { Icon } from "../shared/Icon";
import { Key } from "../shared/Key";
import { useTexts } from "../shared/text";
import type { Entry, Snapshot } from "./queue";
import { type Saving, useSnapshot } from "./useSaving";
import { texts } from "./texts";
import "./saving.css";

/** How a screen shows one side of a conflict, and what it takes over. */
export interface ConflictView {
  readonly mine: (entry: Entry) => ReactNode;
  readonly theirs: (current: unknown) => ReactNode;
  readonly revision: (current: unknown) => number;
  readonly picture?: (entry: Entry) => ReactNode;
}

/** The left end of the status bar: what is saved, what waits, what two people saved.
 * `compact` is for telephones, which have no status bar: a dot, and figures when there are any. */
export function SaveStatus({ saving, view, compact = false }: { saving: Saving | null; view: ConflictView; compact?: boolean }) {
  const t = useTexts(texts);
  const now = useSnapshot(saving);
  const [open, setOpen] = useState(false);
  const aside = now.conflicts.length + now.refused.length;
  // The next conflict does not open the dialog by itself: it would come in the middle of the work.
  useEffect(() => {
    if (aside === 0) setOpen(false);
  }, [aside]);
  return (
    <>
      <span className="row save-state" data-compact={compact || undefined} role="status" aria-live="polite">
        <Line now={now} />
      </span>
      {saving !== null && !saving.kept && !compact && <span className="warn">{t("not_kept")}</span>}
      {aside > 0 && (
        <button type="button" className="chip warn" data-compact={compact || undefined} aria-label={t("look")} onClick={() => setOpen(true)}>
          <Icon name="warning" />
          {compact ? aside : null}
          {!compact && now.conflicts.length > 0 && t("conflicts", { count: now.conflicts.length })}
          {!compact && now.refused.length > 0 && ` ${t("refused", { count: now.refused.length })}`}
        </button>
      )}
      {open && aside > 0 && saving && <Aside saving={saving} now={now} view={view} close={() => setOpen(false)} />}
    </>
  );
}

function Line({ now }: { now: Snapshot }) {
  const t = useTexts(texts);
  const seconds = useSecondsSince(now.awaySince);
  const count = now.waiting.length;
  if (now.awaySince !== null) {
    return (
      <>
        <span className="warn row"><Icon name="offline" size={14} /></span>
        <span className="warn wide-only">{t("away", { seconds, count })}</span>
        <span className="warn narrow-only">{t("away_short", { count })}</span>
      </>
    );
  }
  return (
    <>
      <i className={count === 0 ? "dot ok" : "dot accent"} />
      <span className="save-words">{count === 0 ? t("all_saved") : t("saving", { count })}</span>
    </>
  );
}

function useSecondsSince(moment: number | null): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (moment === null) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [moment]);
  return moment === null ? 0 : Math.max(0, Math.round((now - moment) / 1000));
}

/** One conflict or refusal at a time: 1 keeps mine, 2 the server's. */
function Aside({ saving, now, view, close }: { saving: Saving; now: Snapshot; view: ConflictView; close: () => void }) {
  const t = useTexts(texts);
  const conflict = now.conflicts[0];
  const refused = now.refused[0];
  const entry = conflict ?? refused;
  if (entry === undefined) return null;
  const mine = (): void => saving.queue.insist(entry.clientKey, view.revision(entry.current), crypto.randomUUID());
  const settle = (): void => saving.queue.settle(entry.clientKey);
  const onKey = (event: React.KeyboardEvent): void => {
    if (conflict && event.key === "1") mine();
    else if (conflict && event.key === "2") settle();
  };
  return (
    <Modal opened onClose={close} title={t(conflict ? "look_title" : "refused_title")} size={420} centered>
      <div className="stack" data-own-keys onKeyDown={onKey}>
        {view.picture?.(entry)}
        <p className="t2">{conflict ? t("conflict_body") : t("refused_body", { message: entry.message, title: entry.title })}</p>
        {conflict ? (
          <div className="stack tight">
            <button type="button" className="button conflict" data-autofocus onClick={mine}>
              <Key k="1" /> {view.mine(entry)} <span className="t3">{t("yours")}</span>
            </button>
            <button type="button" className="button conflict" onClick={settle}>
              <Key k="2" /> {view.theirs(entry.current) ?? t("nothing")} <span className="t3">{t("theirs")}</span>
            </button>
          </div>
        ) : (
          <button type="button" className="button" data-autofocus onClick={settle}>{t("understood")}</button>
        )}
      </div>
    </Modal>
  );
}
