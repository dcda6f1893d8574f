/** Which car each plate belongs to. A car is any box that is not a plate. */

import type { EditorBox } from "./editor";
import { type Rect, area, coverage, sameRect } from "./geometry";

export const isPlate = ({ label }: { readonly label: string }): boolean => label === "plate";

/** Whether most of the plate lies in the car. */
const holds = (car: Rect, plate: Rect): boolean => coverage(plate, car) > 0.5;

/** The cars that a plate lies in, the smallest first. */
const around = (plate: Rect, boxes: readonly EditorBox[]): readonly EditorBox[] =>
  boxes.filter((box) => !isPlate(box) && holds(box, plate)).sort((a, b) => area(a) - area(b));

/**
 * The list `after` a change, each plate with its car: a plate that came to lie in exactly one is
 * linked to that one. What was linked or let go by hand stays so until the plate or its car moves.
 */
export function relinked(before: readonly EditorBox[], after: readonly EditorBox[]): readonly EditorBox[] {
  const was = new Map(before.map((box) => [box.key, box]));
  const moved = new Set(after.filter((box) => {
    const old = was.get(box.key);
    return old === undefined || !sameRect(old, box) || old.label !== box.label;
  }));
  const cars = after.filter((box) => !isPlate(box));
  return after.map((box) => {
    const car = isPlate(box) ? carOf(box, { cars, moved }) : null;
    return car === box.car ? box : { ...box, car };
  });
}

function carOf(plate: EditorBox, { cars, moved }: { cars: readonly EditorBox[]; moved: ReadonlySet<EditorBox> }): string | null {
  const own = cars.find(({ key }) => key === plate.car);
  const came = moved.has(plate) || cars.some((car) => moved.has(car) && holds(car, plate));
  if (own && (holds(own, plate) || !(moved.has(plate) || moved.has(own)))) return own.key;
  if (plate.car === null && !came) return null;
  const [one, ...others] = around(plate, cars);
  return one && others.length === 0 ? one.key : null;
}

/**
 * The boxes after the key: a chosen plate and a chosen car become linked, or part; a plate alone
 * goes on to the next car it lies in, after the last to none.
 */
export function linkedByHand(boxes: readonly EditorBox[], selected: readonly string[]): readonly EditorBox[] {
  const chosen = boxes.filter((box) => selected.includes(box.key));
  const plates = chosen.filter(isPlate);
  const cars = chosen.filter((box) => !isPlate(box));
  const [car] = cars;
  if (plates.length === 0 || cars.length > 1) return boxes;
  const apart = plates.some((plate) => plate.car !== car?.key);
  const next = (plate: EditorBox): string | null => {
    if (car) return apart ? car.key : null;
    const ways = [...around(plate, boxes).map(({ key }) => key), null];
    return ways[(ways.indexOf(plate.car) + 1) % ways.length] ?? null;
  };
  return boxes.map((box) => {
    if (!plates.includes(box)) return box;
    const to = next(box);
    return to === box.car ? box : { ...box, car: to };
  });
}

/** Copies under new keys, linked among themselves as the originals were. */
export function copiesOf(boxes: readonly EditorBox[], key: string): readonly EditorBox[] {
  const named = new Map(boxes.map((box, at) => [box.key, `${key}-${at}`]));
  return boxes.map((box, at) => ({
    ...box,
    key: `${key}-${at}`,
    car: box.car === null ? null : (named.get(box.car) ?? null),
    source: "person",
    confidence: null,
    text: "",
    status: "",
  }));
}

export interface Line {
  readonly box: EditorBox;
  /** A plate, below the car it belongs to or lies in. */
  readonly inside: boolean;
  /** The how-manieth of its label: "car 2". 0 for a plate below a car. */
  readonly number: number;
}

/** Every plate directly below its car; cars and the rest in their order, counted. */
export function listed(boxes: readonly EditorBox[]): readonly Line[] {
  const plates = boxes.filter(isPlate);
  const owner = new Map(plates.map((plate) => [plate.key, plate.car ?? around(plate, boxes)[0]?.key ?? null]));
  const count = new Map<string, number>();
  return boxes
    .filter((box) => !owner.get(box.key))
    .flatMap((box) => {
      const number = (count.get(box.label) ?? 0) + 1;
      count.set(box.label, number);
      const below = plates.filter((plate) => owner.get(plate.key) === box.key);
      return [{ box, inside: false, number }, ...below.map((plate) => ({ box: plate, inside: true, number: 0 }))];
    });
}

/** The plate whose text is meant: the chosen one, the chosen car's, else the first that nobody has read. */
export function plateToRead(boxes: readonly EditorBox[], selected: readonly string[]): string | null {
  const chosen = selected.at(-1);
  const plates = boxes.filter(isPlate);
  const own = plates.find(({ key }) => key === chosen) ?? plates.find(({ car }) => car !== null && car === chosen);
  return (own ?? plates.find(({ status }) => status === "") ?? plates[0])?.key ?? null;
}
