import type { Command } from "../shared/commands";
import { fill, translator } from "../shared/text";
import { type Action, type Editor, waiting } from "./editor";
import { texts } from "./texts";

interface Hands {
  readonly edit: (action: Action) => void;
  readonly editor: () => Editor;
  readonly newKey: () => string;
  /** Tab belongs to the canvas only while it has the focus. */
  readonly onCanvas: () => boolean;
  readonly leaveCanvas: () => void;
  readonly done: () => void;
  readonly nothingHere: () => void;
  readonly copyToNext: () => void;
  readonly go: (step: 1 | -1) => void;
  readonly toTime: () => void;
  readonly write: () => void;
  readonly link: () => void;
  readonly interpolate: () => void;
  readonly nextNeeds: () => void;
  readonly history: () => void;
}

type Key = keyof typeof texts;

/** One table for buttons, shortcuts and the help sheet. */
export function boxCommands(hands: Hands, labels: readonly string[]): readonly Command[] {
  const [en, es] = [translator(texts, "en"), translator(texts, "es")];
  const entry = (id: Key, keys: Command["keys"], run: () => void, when?: () => boolean): Command => ({
    id: `boxes-${id}`, name: { en: en(id), es: es(id) }, keys, run, when,
  });
  const once = (command: Command): Command => ({ ...command, once: true });
  const act = (action: Action) => () => hands.edit(action);
  const some = (): boolean => hands.editor().selected.length > 0;
  const offered = (): boolean => waiting(hands.editor()).length > 0;
  const far = (id: Key, keys: string, action: Action): Command => ({ ...entry(id, keys, act(action), some), id: `boxes-${id}-10`, hidden: true });
  const escape = (): void => {
    const { drag, armed, selected } = hands.editor();
    if (drag === null && !armed && selected.length === 0) hands.leaveCanvas();
    else hands.edit({ do: "escape" });
  };
  return [
    once(entry("done_next", "Enter", hands.done)),
    entry("draw", "N", () => hands.edit(hands.editor().armed ? { do: "place", key: hands.newKey() } : { do: "arm" })),
    ...labels.slice(0, 9).map((label, at): Command => ({
      id: `boxes-label-${at + 1}`,
      name: { en: `${fill(texts.label.en, { number: at + 1 }, "en")}: ${label}`, es: `${fill(texts.label.es, { number: at + 1 }, "es")}: ${label}` },
      keys: String(at + 1),
      run: act({ do: "label", label }),
    })),
    entry("next_box", "Tab", act({ do: "next" }), hands.onCanvas),
    entry("previous_box", "Shift+Tab", act({ do: "next", back: true }), hands.onCanvas),
    ...([["nudge_left", "ArrowLeft", -1, 0], ["nudge_right", "ArrowRight", 1, 0], ["nudge_up", "ArrowUp", 0, -1], ["nudge_down", "ArrowDown", 0, 1]] as const)
      .flatMap(([id, key, x, y]) => [
        entry(id, key, act({ do: "nudge", by: { x, y } }), some),
        far(id, `Shift+${key}`, { do: "nudge", by: { x: 10 * x, y: 10 * y } }),
      ]),
    ...([["wider", "ArrowRight", 1, 0], ["narrower", "ArrowLeft", -1, 0], ["taller", "ArrowDown", 0, 1], ["flatter", "ArrowUp", 0, -1]] as const)
      .flatMap(([id, key, x, y]) => [
        entry(id, `Ctrl+${key}`, act({ do: "grow", by: { x, y } }), some),
        far(id, `Ctrl+Shift+${key}`, { do: "grow", by: { x: 10 * x, y: 10 * y } }),
      ]),
    entry("accept", "A", () => hands.edit({ do: "accept", key: hands.newKey() }), offered),
    entry("accept_all", "Shift+A", () => hands.edit({ do: "accept all", key: hands.newKey() }), offered),
    entry("reject", "X", act({ do: "reject" }), offered),
    entry("reject_all", "Shift+X", act({ do: "reject all" }), offered),
    entry("write", "T", hands.write),
    entry("link", "L", hands.link),
    once(entry("interpolate_name", "I", hands.interpolate)),
    once(entry("history", "Y", hands.history, some)),
    entry("delete", ["Delete", "Backspace"], act({ do: "delete" }), some),
    entry("duplicate", "Ctrl+D", () => hands.edit({ do: "duplicate", key: hands.newKey() }), some),
    entry("select_all", "Ctrl+A", act({ do: "all" })),
    once(entry("copy_next", "C", hands.copyToNext)),
    once(entry("mark_nothing", "E", hands.nothingHere)),
    entry("next_frame", ["J", "PageDown"], () => hands.go(1)),
    entry("previous_frame", ["K", "PageUp"], () => hands.go(-1)),
    entry("next_needs", "U", hands.nextNeeds),
    entry("to_time", "G", hands.toTime),
    entry("fit", "0", act({ do: "fit" })),
    entry("to_box", "Z", act({ do: "to box" }), some),
    entry("hide", "H", act({ do: "hide" })),
    entry("closer", ["+", "="], act({ do: "zoom", factor: 1.4 })),
    entry("farther", "-", act({ do: "zoom", factor: 1 / 1.4 })),
    entry("undo", "Ctrl+Z", act({ do: "undo" })),
    entry("redo", ["Ctrl+Shift+Z", "Ctrl+Y"], act({ do: "redo" })),
    entry("leave", "Escape", escape),
  ];
}
