import { useEffect, useRef } from "react";

import type { ConflictView } from "../saving/SaveStatus";
import { type Saving, useSnapshot } from "../saving/useSaving";
import { PlateText } from "../shared/PlateText";
import type { Translate } from "../shared/text";
import { texts } from "./texts";

interface Reread {
  readonly saving: Saving;
  readonly frame: number;
  readonly refetch: () => unknown;
  readonly forget: () => void;
}

/** Whoever let the other's box stand wants to see it. */
export function useRereadAfterConflict({ saving, frame, refetch, forget }: Reread): void {
  const count = useSnapshot(saving).conflicts.filter(({ body }) => body.frame === frame).length;
  const before = useRef({ frame, count });
  useEffect(() => {
    if (before.current.frame === frame && count < before.current.count) {
      forget();
      void refetch();
    }
    before.current = { frame, count };
  }, [frame, count, refetch, forget]);
}

export function useConflictView(t: Translate<typeof texts>): ConflictView {
  return {
    mine: (entry) => (
      <span>
        {entry.kind === "box.delete" ? `${entry.title}: ${t("deleted_short")}` : entry.title}{" "}
        <Numbers values={[entry.body.x1, entry.body.y1, entry.body.x2, entry.body.y2]} />
      </span>
    ),
    theirs: (current) => {
      const now = (current ?? {}) as { xyxy?: readonly unknown[]; label?: string; deleted?: boolean; text?: string };
      if (now.text !== undefined) return now.text === "" ? <span>{t("unreadable")}</span> : <PlateText text={now.text} />;
      return now.deleted ? <span>{t("deleted_short")}</span> : <span>{now.label} <Numbers values={now.xyxy ?? []} /></span>;
    },
    revision: (current) => (current as { revision?: number } | null)?.revision ?? 0,
  };
}

function Numbers({ values }: { values: readonly unknown[] }) {
  const known = values.filter((value): value is number => typeof value === "number");
  return <span className="t3">{known.map((value) => Math.round(value)).join(", ")}</span>;
}
