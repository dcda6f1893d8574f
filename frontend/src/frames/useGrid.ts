import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { EDGE, layOut, type Layout, revealing, rowsShown, type Scrolled, scrolledTo, topOf } from "./window";

const SETTLED_MS = 140;

export interface GridWindow {
  readonly layout: Layout;
  readonly view: number;
  readonly rows: readonly [number, number];
  /** Where the first drawn row stands in the element, in pixels. */
  readonly shift: number;
  readonly offset: number;
  readonly reveal: (place: number) => void;
  readonly scrollTo: (offset: number) => void;
}

/** The part of a grid of `count` cells that is on screen in the scrolled element `box`. */
export function useGrid(box: HTMLElement | null, count: number, least: (width: number) => number): GridWindow {
  const [size, setSize] = useState({ width: 0, view: 0 });
  const [at, setAt] = useState<Scrolled>({ top: 0, offset: 0 });
  const layout = useMemo(() => layOut(count, size.width, least(size.width)), [count, size.width, least]);
  const now = useRef({ layout, view: size.view, at });
  now.current = { layout, view: size.view, at };

  useLayoutEffect(() => {
    const element = box;
    if (!element) return;
    const measure = () => {
      const style = getComputedStyle(element);
      setSize({ width: element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight), view: element.clientHeight });
    };
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    return () => watch.disconnect();
  }, [box]);

  useEffect(() => {
    const element = box;
    if (!element) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    // After small moves the scrollbar stands a little beside its share; put right once it rests.
    const settle = () => {
      const { layout: its, view, at: here } = now.current;
      const top = topOf(here.offset, its, view);
      if (its.track !== its.height && Math.abs(top - here.top) > 1) {
        setAt({ top, offset: here.offset });
        now.current.at = { top, offset: here.offset };
        element.scrollTop = top;
      }
    };
    const onScroll = () => {
      const { layout: its, view, at: here } = now.current;
      if (element.scrollTop === here.top) return;
      now.current.at = scrolledTo(here, element.scrollTop, its, view);
      setAt(now.current.at);
      clearTimeout(timer);
      timer = setTimeout(settle, SETTLED_MS);
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      clearTimeout(timer);
      element.removeEventListener("scroll", onScroll);
    };
  }, [box]);

  const scrollTo = useCallback((offset: number) => {
    const { layout: its, view } = now.current;
    const top = topOf(offset, its, view);
    now.current.at = { top, offset };
    setAt(now.current.at);
    if (box) box.scrollTop = top;
  }, [box]);
  const reveal = useCallback((place: number) => {
    const { layout: its, view, at: here } = now.current;
    const offset = revealing(place, here.offset, its, view);
    if (offset !== here.offset) scrollTo(offset);
  }, [scrollTo]);

  // Fewer or wider cells: what was shown stays in sight as well as it can.
  useEffect(() => {
    const most = Math.max(0, layout.height - size.view);
    if (now.current.at.offset > most) scrollTo(most);
  }, [layout.height, size.view, scrollTo]);

  const rows = rowsShown(at, layout, size.view);
  return { layout, view: size.view, rows, shift: EDGE + rows[0] * layout.row - at.offset + at.top, offset: at.offset, reveal, scrollTo };
}
