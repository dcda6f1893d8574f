import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import type { Saving } from "../saving/useSaving";
import { formatDateTime } from "../shared/format";
import { Loading } from "../shared/States";
import { useTexts } from "../shared/text";
import { historyLines } from "./history";
import { texts } from "./texts";
import { boxHistory, idOf } from "./wire";

/** Who did what to the box and when, the newest first. */
export function BoxHistory({ box, saving }: { readonly box: string; readonly saving: Saving }) {
  const t = useTexts(texts);
  const id = idOf(box);
  const client = useQueryClient();
  const query = useQuery({ queryKey: ["box-history", id], queryFn: () => boxHistory(id ?? 0), enabled: id !== null, staleTime: 5_000 });
  useEffect(() => saving.queue.onSaved((entry) => {
    if (entry.subject.startsWith("box:")) void client.invalidateQueries({ queryKey: ["box-history"] });
  }), [saving, client]);
  if (query.error) return <p className="warn small">{t("history_failed")}</p>;
  if (id !== null && query.data === undefined) return <Loading lines={1} />;
  if (query.data === undefined) return <p className="t3 small">{t("history_waits")}</p>;
  return (
    <ol className="box-history" aria-label={t("history")}>
      {historyLines(query.data).map((line) => (
        <li key={line.id}>
          <span><b className="strong">{line.by === "" ? t("program") : line.by}</b> {line.deeds.map((deed) => t(deed)).join(", ")}{line.count > 1 && ` × ${line.count}`}</span>
          <time className="t3" dateTime={line.at}>{formatDateTime(line.at)}</time>
        </li>
      ))}
    </ol>
  );
}
