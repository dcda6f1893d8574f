import { memo, useEffect, useLayoutEffect, useRef, useState } from "react";

import { formatDateTime, formatMoment } from "../shared/format";
import { DOUBTFUL_READ } from "../shared/plate";
import { PlateText } from "../shared/PlateText";
import { useTexts } from "../shared/text";
import { type Read, type ReviewAction, ARROWS, isDecided, shownText } from "./review";
import { texts } from "./texts";
import { type View, scrollFor, visible } from "./window";

interface Props {
  readonly reads: readonly Read[];
  readonly current: number | null;
  readonly order: "time" | "unsure";
  readonly filter: string;
  readonly decide: (action: ReviewAction) => void;
  readonly choose: (read: number) => void;
}

/** The video's time passes without drawing this again. */
export const ReadList = memo(function ReadList({ reads, current, order, filter, decide, choose }: Props) {
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
      <Rows reads={reads} current={current} choose={choose} none={t(filter === "" ? "empty_title" : "no_match")} />
    </aside>
  );
});

/** Only the rows in sight are there, whether there are fifty reads or five thousand. */
function Rows({ reads, current, choose, none }: Pick<Props, "reads" | "current" | "choose"> & { none: string }) {
  const list = useRef<HTMLUListElement>(null);
  const [view, setView] = useState<View>({ top: 0, height: 900, row: 38 });
  const seen = useRef(view);
  seen.current = view;
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const measure = (): void => setView({ top: element.scrollTop, height: element.clientHeight, row: Number.parseFloat(getComputedStyle(element).getPropertyValue("--row")) || 38 });
    const sized = new ResizeObserver(measure);
    sized.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      sized.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);
  const at = reads.findIndex((read) => read.id === current);
  useEffect(() => {
    const to = at < 0 ? null : scrollFor(at, seen.current);
    // What is in sight already is not scrolled, which would lay the page out at once.
    if (list.current && to !== null && to !== seen.current.top) list.current.scrollTop = to;
  }, [at, view.row, view.height, reads.length]);
  const [first, last] = visible(reads.length, view);
  return (
    <ul className="read-list" ref={list}>
      <li className="read-space" style={{ height: reads.length * view.row }} aria-hidden="true" />
      {reads.slice(first, last).map((read, index) => (
        <li key={read.id} className="read-line" aria-setsize={reads.length} aria-posinset={first + index + 1} style={{ top: (first + index) * view.row }}>
          <Line read={read} current={read.id === current} choose={choose} />
        </li>
      ))}
      {reads.length === 0 && <li className="read-none t3">{none}</li>}
    </ul>
  );
}

const Line = memo(function Line({ read, current, choose }: { read: Read; current: boolean; choose: Props["choose"] }) {
  const t = useTexts(texts);
  const status = read.missed !== null ? "missed" : (read.passage?.status ?? "new");
  const text = shownText(read);
  return (
    <button type="button" className="read-row" aria-current={current || undefined} onClick={() => choose(read.id)}>
      <i className="dot" data-review={status} data-sampled={read.sampled || undefined} title={read.sampled ? t("sampled_title") : undefined} />
      <span className="t3 read-time" title={read.seenAt ? formatDateTime(read.seenAt, { seconds: true }) : undefined}>{formatMoment(read.firstSeconds)}</span>
      <span className="t3 read-way" title={read.direction ? t(`way_${read.direction}`) : undefined}>{read.direction && ARROWS[read.direction]}</span>
      {read.picture ? <img src={read.picture} alt="" /> : <span className="read-blank" />}
      {text === "" ? <span className="t3">{t("nothing_read")}</span> : (
        <PlateText text={text} size={13} struck={status === "rejected"} confidences={isDecided(read) ? undefined : read.characters} />
      )}
      <span className="grow num read-word small" data-review={status}>{wordOf(read, t)}</span>
      <span className={!isDecided(read) && read.confidence < DOUBTFUL_READ ? "warn read-sure" : "t3 read-sure"}>{read.missed === null && Math.round(read.confidence * 100)}</span>
    </button>
  );
});

function wordOf(read: Read, t: ReturnType<typeof useTexts<typeof texts>>): string {
  if (read.missed !== null) return t("missed");
  const { passage } = read;
  if (passage === null || passage.status === "new") return read.unfounded ? t("false_word") : "";
  if (passage.status === "rejected") return passage.reason ? t(passage.reason) : "";
  if (passage.unseen) return t("unseen");
  if (read.double) return t("same_vehicle");
  return t(passage.status === "accepted" ? "right" : "corrected");
}
