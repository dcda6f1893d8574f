import type { Command } from "../shared/commands";
import { translator } from "../shared/text";
import { texts } from "./texts";
import type { Move } from "./window";

interface Hands {
  readonly move: (move: Move, stretch: boolean) => void;
  readonly open: () => void;
  readonly toggle: () => void;
  readonly chooseAll: () => void;
  readonly chooseNone: () => void;
  readonly nothingHere: () => void;
  readonly done: () => void;
  readonly openAgain: () => void;
  readonly remove: () => void;
  readonly undo: () => void;
  readonly findPlate: () => void;
  readonly someChosen: () => boolean;
}

const MOVES: readonly (readonly [keyof typeof texts, string, Move])[] = [
  ["left", "ArrowLeft", "left"], ["right", "ArrowRight", "right"], ["up", "ArrowUp", "up"], ["down", "ArrowDown", "down"],
  ["page_up", "PageUp", "page-up"], ["page_down", "PageDown", "page-down"], ["home", "Home", "home"], ["end", "End", "end"],
];

/** One table for buttons, shortcuts and the help sheet. */
export function gridCommands(hands: Hands): readonly Command[] {
  const [en, es] = [translator(texts, "en"), translator(texts, "es")];
  const entry = (id: keyof typeof texts, keys: Command["keys"], run: () => void, when?: () => boolean): Command => ({
    id: `frames-${id}`, name: { en: en(id), es: es(id) }, keys, run, when,
  });
  return [
    ...MOVES.flatMap(([id, key, move]) => [
      entry(id, key, () => hands.move(move, false)),
      { ...entry(id, `Shift+${key}`, () => hands.move(move, true)), id: `frames-${id}-stretch`, hidden: true },
    ]),
    entry("open_frame", "Enter", hands.open),
    entry("toggle", ["X", "Space"], hands.toggle),
    entry("choose_all", "Ctrl+A", hands.chooseAll),
    { ...entry("choose_none", "Escape", hands.chooseNone, hands.someChosen), inFields: false },
    entry("mark_nothing", "E", hands.nothingHere),
    entry("mark_done", "D", hands.done),
    entry("mark_open", "O", hands.openAgain),
    entry("delete", "Delete", hands.remove),
    entry("undo", "Ctrl+Z", hands.undo),
    entry("find_plate", "F", hands.findPlate),
  ];
}
