import { memo, type MouseEvent, useCallback, useEffect, useSyncExternalStore } from "react";
import { formatMoment, formatNumber } from "../shared/format";
import { Icon } from "../shared/Icon";
import { useTexts } from "../shared/text";
import { type FrameIndex, type FrameStatus, secondsAt, statusAt } from "./frame-index";
import { holds, type Ranges } from "./selection";
import { texts } from "./texts";
import { packsOf, type Thumbnail, thumbnails } from "./thumbnails";
import type { GridWindow } from "./useGrid";
import "./frames.css";

interface Props {
  readonly box: (element: HTMLDivElement | null) => void;
  readonly grid: GridWindow;
  readonly index: FrameIndex;
  /** Places in the index, in the order shown. */
  readonly positions: Uint32Array;
  /** More than `positions` while the index is still loading. */
  readonly count: number;
  readonly cursor: number;
  readonly chosen: Ranges;
  readonly addressOf: (id: number) => string;
  readonly onPoint: (place: number, how: "open" | "choose" | "stretch") => void;
}

const THUMBNAILS_WAIT_MS = 60;

/** Thumbnails of what is on screen, once it rests for a moment: dragging the bar asks for nothing. */
export function useThumbnails(from: number, to: number, idAt: (place: number) => number | null): void {
  useEffect(() => {
    const timer = setTimeout(() => {
      thumbnails.want(packsOf(from, to, idAt, (id) => thumbnails.get(id) === undefined));
    }, THUMBNAILS_WAIT_MS);
    return () => clearTimeout(timer);
  }, [from, to, idAt]);
  useSyncExternalStore(thumbnails.subscribe, () => thumbnails.version);
}

export function Grid({ box, grid, index, positions, count, cursor, chosen, addressOf, onPoint }: Props) {
  const t = useTexts(texts);
  const { layout, rows, shift } = grid;
  const from = rows[0] * layout.columns;
  const to = Math.min(count, rows[1] * layout.columns);
  const idAt = useCallback((place: number) => (place < positions.length ? (index.ids[positions[place] ?? 0] ?? null) : null), [index.ids, positions]);
  useThumbnails(from, Math.min(to, positions.length), idAt);
  const cells = [];
  for (let place = from; place < to; place += 1) {
    const position = positions[place];
    const id = position === undefined ? undefined : index.ids[position];
    if (position === undefined || id === undefined) {
      cells.push(<div key={`none-${place}`} className="frame-cell"><div className="skeleton" style={{ height: layout.picture }} /></div>);
      continue;
    }
    cells.push(
      <Cell key={id} place={place} id={id} height={layout.picture} seconds={secondsAt(index, position)} status={statusAt(index, position)}
        boxes={index.boxes[position] ?? 0} thumbnail={thumbnails.get(id)} current={place === cursor} chosen={holds(chosen, place)}
        address={addressOf(id)} onPoint={onPoint} />,
    );
  }
  return (
    <div ref={box} className="frames-scroll" tabIndex={0} role="grid" aria-rowcount={count} aria-multiselectable aria-label={t("grid")}
      aria-activedescendant={cursor >= from && cursor < to ? `frame-${cursor}` : undefined}>
      <div style={{ height: layout.track }}>
        <div className="frames-cells" role="presentation" style={{ transform: `translateY(${shift}px)`, gridTemplateColumns: `repeat(${layout.columns}, minmax(0, 1fr))`, gridAutoRows: layout.row }}>
          {cells}
        </div>
      </div>
    </div>
  );
}

interface CellProps {
  readonly place: number;
  readonly id: number;
  readonly height: number;
  readonly seconds: number | null;
  readonly status: FrameStatus;
  readonly boxes: number;
  readonly thumbnail: Thumbnail | undefined;
  readonly current: boolean;
  readonly chosen: boolean;
  readonly address: string;
  readonly onPoint: Props["onPoint"];
}

const Cell = memo(function Cell({ place, id, height, seconds, status, boxes, thumbnail, current, chosen, address, onPoint }: CellProps) {
  const t = useTexts(texts);
  const name = seconds === null ? thumbnail?.name || `#${id}` : formatMoment(seconds);
  const point = (event: MouseEvent, plain: "open" | "choose") => {
    if (plain === "open" && (event.ctrlKey || event.metaKey)) return; // a tab of its own, as with any link
    event.preventDefault();
    onPoint(place, event.shiftKey ? "stretch" : plain);
  };
  const says = `${name}, ${t(status)}, ${t("boxes", { count: boxes })}`;
  return (
    <div className="frame-row" role="row" aria-rowindex={place + 1}>
      <div id={`frame-${place}`} className="frame-cell" role="gridcell" aria-selected={chosen}
        data-current={current || undefined} data-chosen={chosen || undefined}>
        <a href={address} tabIndex={-1} onClick={(event) => point(event, "open")} style={{ height }} aria-label={says} draggable={false}>
          {thumbnail?.url && <img src={thumbnail.url} alt="" draggable={false} />}
          {thumbnail?.url === null && <span className="gone t3 tiny"><Icon name="warning" /> {t("picture_gone")}</span>}
        </a>
        <button type="button" className="choose" tabIndex={-1} aria-pressed={chosen} aria-label={t("choose_this", { name })} onClick={(event) => point(event, "choose")}>
          {chosen && <Icon name="check" size={12} />}
        </button>
        <div className="caption tiny" onClick={(event) => point(event, "choose")}>
          <i className="dot" data-status={status} title={t(status)} />
          <span className="ellipsis">{name}</span>
          <span className="grow" />
          {boxes > 0 && <span className="t3 count">{isNarrow(height) ? formatNumber(boxes) : t("boxes", { count: boxes })}</span>}
        </div>
      </div>
    </div>
  );
});

/** Narrow cells have room for the number only. */
const isNarrow = (height: number): boolean => height < 72;
