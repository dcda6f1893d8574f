import { memo, useEffect, useRef } from "react";

import { formatMoment } from "../shared/format";
import { DOUBTFUL_READ } from "../shared/plate";
import { PlateText } from "../shared/PlateText";
import { useTexts } from "../shared/text";
import { type Read, type ReviewAction, isDecided, shownText } from "./review";
import { texts } from "./texts";

interface Props {
  readonly reads: readonly Read[];
  readonly current: number | null;
  readonly order: "time" | "unsure";
  readonly filter: string;
  readonly decide: (action: ReviewAction) => void;
}

/** The video's time passes without drawing this again. */
export const ReadList = memo(function ReadList({ reads, current, order, filter, decide }: Props) {
  const t = useTexts(texts);
  return (
    <aside className="panel read-panel" aria-label={t("reads")}>
      <div className="read-tools">
        <button type="button" className="chip" aria-pressed={order === "time"} onClick={() => decide({ do: "order", order: "time" })}>{t("by_time")}</button>
        <button type="button" className="chip" aria-pressed={order === "unsure"} onClick={() => decide({ do: "order", order: "unsure" })}>{t("least_certain")}</button>
        <input className="input mono" type="search" value={filter} placeholder="PB?-1*" aria-label={t("search")}
          onChange={(event) => decide({ do: "filter", filter: event.currentTarget.value })}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()} />
      </div>
      <ul className="read-list">
        {reads.map((read) => <Line key={read.id} read={read} current={read.id === current} decide={decide} />)}
        {reads.length === 0 && <li className="read-none t3">{t("no_match")}</li>}
      </ul>
    </aside>
  );
});

const Line = memo(function Line({ read, current, decide }: { read: Read; current: boolean; decide: Props["decide"] }) {
  const t = useTexts(texts);
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (current) row.current?.scrollIntoView({ block: "nearest" });
  }, [current]);
  const status = read.missed !== null ? "missed" : (read.passage?.status ?? "new");
  const word = read.missed !== null ? t("missed") : status === "accepted" ? t("right") : status === "corrected" ? t("corrected") : status === "rejected" && read.passage?.reason ? t(read.passage.reason) : "";
  const text = shownText(read);
  return (
    <li ref={row}>
      <button type="button" className="read-row" aria-current={current || undefined} onClick={() => decide({ do: "choose", read: read.id })}>
        <i className="dot" data-review={status} />
        <span className="t3 read-time">{formatMoment(read.firstSeconds)}</span>
        {read.crops[0] ? <img src={best(read)} alt="" loading="lazy" /> : <span className="read-blank" />}
        {text === "" ? <span className="t3">{t("nothing_read")}</span> : (
          <PlateText text={text} size={13} struck={status === "rejected"} confidences={isDecided(read) ? undefined : read.characters} />
        )}
        <span className="grow num read-word small" data-review={status}>{word}</span>
        <span className={!isDecided(read) && read.confidence < DOUBTFUL_READ ? "warn read-sure" : "t3 read-sure"}>{read.missed === null && Math.round(read.confidence * 100)}</span>
      </button>
    </li>
  );
});

/** The surest crop, of equals the largest. */
const best = (read: Read): string => read.crops.toSorted((a, b) => b.confidence - a.confidence || b.width - a.width)[0]?.picture ?? "";
