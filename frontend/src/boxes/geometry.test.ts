import { describe, expect, it } from "vitest";

import {
  boxAt,
  coverage,
  fit,
  fitBox,
  handleAt,
  iou,
  move,
  pan,
  resize,
  snap,
  span,
  tidy,
  toFrame,
  toScreen,
  zoomAt,
} from "./geometry";

const FRAME = { width: 1920, height: 1080 };
const CAR = { x1: 100, y1: 200, x2: 500, y2: 500 };
const PLATE = { x1: 250, y1: 420, x2: 350, y2: 460 };

describe("screen and frame", () => {
  it("are one conversion and its inverse", () => {
    const view = { scale: 0.37, x: -12, y: 55 };
    const point = { x: 812.5, y: 33 };
    const back = toFrame(toScreen(point, view), view);
    expect(back.x).toBeCloseTo(point.x);
    expect(back.y).toBeCloseTo(point.y);
  });

  it("fit shows the whole frame in the middle", () => {
    expect(fit(FRAME, { width: 992, height: 1000 }, 16)).toEqual({ scale: 0.5, x: 16, y: 230 });
  });

  it("zoom keeps what is under the pointer under it", () => {
    const view = fit(FRAME, { width: 1000, height: 600 });
    const at = { x: 300, y: 200 };
    const closer = zoomAt(view, at, 2, view.scale);
    expect(closer.scale).toBeCloseTo(view.scale * 2);
    expect(toFrame(at, closer).x).toBeCloseTo(toFrame(at, view).x);
    expect(toFrame(at, closer).y).toBeCloseTo(toFrame(at, view).y);
  });

  it("zoom stops at the whole frame", () => {
    const view = fit(FRAME, { width: 1000, height: 600 });
    expect(zoomAt(view, { x: 0, y: 0 }, 0.01, view.scale).scale).toBeCloseTo(view.scale);
  });

  it("zoom to a box puts its middle in the middle", () => {
    const view = fitBox(PLATE, { width: 1000, height: 600 });
    expect(toScreen({ x: 300, y: 440 }, view)).toEqual({ x: 500, y: 300 });
    expect(view.scale).toBe(5);
  });

  it("pan leaves a strip of the picture in sight", () => {
    const stage = { width: 1000, height: 600 };
    const far = pan({ scale: 1, x: 0, y: 0 }, { x: 99999, y: -99999 }, { frame: FRAME, stage });
    expect(far).toEqual({ scale: 1, x: 952, y: 48 - 1080 });
  });
});

describe("making boxes", () => {
  it("takes two corners in any order", () => {
    const rect = { x1: 10, y1: 20, x2: 30, y2: 60 };
    expect(span({ x: 30, y: 20 }, { x: 10, y: 60 }, FRAME)).toEqual(rect);
  });

  it("is clipped to the frame", () => {
    expect(span({ x: -50, y: 1000 }, { x: 40, y: 5000 }, FRAME)).toEqual({ x1: 0, y1: 1000, x2: 40, y2: 1080 });
  });

  it("without area is no box", () => {
    expect(span({ x: 5, y: 5 }, { x: 50, y: 6 }, FRAME)).toBeNull();
  });
});

describe("changing boxes", () => {
  it("moved to the edge keeps its size", () => {
    expect(move(CAR, { x: -1000, y: 1000 }, FRAME)).toEqual({ x1: 0, y1: 780, x2: 400, y2: 1080 });
  });

  it("a corner moves two sides and an edge moves one", () => {
    expect(resize(CAR, "se", { x: 10, y: 20 }, FRAME)).toEqual({ ...CAR, x2: 510, y2: 520 });
    expect(resize(CAR, "n", { x: 10, y: 20 }, FRAME)).toEqual({ ...CAR, y1: 220 });
  });

  it("a side pulled over the opposite one turns the box over", () => {
    expect(resize(CAR, "w", { x: 500, y: 0 }, FRAME)).toEqual({ ...CAR, x1: 500, x2: 600 });
  });

  it("no pull leaves the frame or makes a box without area", () => {
    for (const handle of ["nw", "n", "ne", "e", "se", "s", "sw", "w"] as const) {
      for (const by of [-4000, -400, -299, 0, 299, 300, 400, 4000]) {
        const rect = resize(CAR, handle, { x: by, y: by }, FRAME);
        expect(rect.x2 - rect.x1).toBeGreaterThanOrEqual(2);
        expect(rect.y2 - rect.y1).toBeGreaterThanOrEqual(2);
        expect(rect.x1).toBeGreaterThanOrEqual(0);
        expect(rect.y2).toBeLessThanOrEqual(1080);
      }
    }
  });

  it("snaps to near edges only", () => {
    const near = { x1: 3, y1: 6, x2: 1917, y2: 900 };
    expect(snap(near, FRAME, 5)).toEqual({ x1: 0, y1: 6, x2: 1920, y2: 900 });
  });

  it("is stored in tenths of a pixel", () => {
    expect(tidy({ x1: 1.04, y1: 1.06, x2: 9.999, y2: 10 })).toEqual({ x1: 1, y1: 1.1, x2: 10, y2: 10 });
  });
});

describe("finding boxes", () => {
  it("the plate inside its car is found first", () => {
    expect(boxAt([PLATE, CAR], { x: 300, y: 440 })).toBe(PLATE);
    expect(boxAt([PLATE, CAR], { x: 120, y: 220 })).toBe(CAR);
    expect(boxAt([PLATE, CAR], { x: 0, y: 0 })).toBeNull();
  });

  it("of two handles in reach the nearer one is taken", () => {
    expect(handleAt(PLATE, { x: 252, y: 421 }, 30)).toBe("nw");
    expect(handleAt(PLATE, { x: 350, y: 441 }, 30)).toBe("e");
    expect(handleAt(PLATE, { x: 300, y: 600 }, 30)).toBeNull();
  });

  it("overlap of two boxes is intersection over union", () => {
    expect(iou(CAR, CAR)).toBe(1);
    expect(iou({ x1: 0, y1: 0, x2: 10, y2: 10 }, { x1: 5, y1: 0, x2: 15, y2: 10 })).toBeCloseTo(1 / 3);
    expect(iou(CAR, { x1: 600, y1: 0, x2: 700, y2: 10 })).toBe(0);
  });

  it("coverage says how much of a plate lies in a car", () => {
    expect(coverage(PLATE, CAR)).toBe(1);
    expect(coverage({ x1: 450, y1: 300, x2: 550, y2: 400 }, CAR)).toBe(0.5);
    expect(coverage({ x1: 600, y1: 0, x2: 700, y2: 10 }, CAR)).toBe(0);
  });
});
