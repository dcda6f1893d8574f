import type { Command } from "../shared/commands";
import { translator } from "../shared/text";
import type { FieldAction } from "./field";
import type { SessionAction } from "./session";
import { texts } from "./texts";
import { type Look, brighten } from "./view";

interface Hands {
  readonly dispatch: (action: SessionAction) => void;
  readonly look: (change: (look: Look) => Look) => void;
  readonly frame: (shown: boolean | null) => void;
  readonly frameShown: () => boolean;
  readonly saveWhole: () => void;
  readonly now: () => number;
  readonly newKey: () => string;
}

/** Every key of the page, all of them while the field has the focus. */
export function transcribeCommands(hands: Hands): readonly Command[] {
  const [en, es] = [translator(texts, "en"), translator(texts, "es")];
  const entry = (id: keyof typeof texts, keys: Command["keys"], run: () => void, more: Partial<Command> = {}): Command => ({
    id: `transcribe-${id}`, name: { en: en(id), es: es(id) }, keys, run, inFields: true, ...more,
  });
  const field = (action: FieldAction) => () => hands.dispatch({ do: "field", action });
  const now = hands.now;
  return [
    entry("save", "Enter", () => hands.dispatch({ do: "enter", now: now(), key: hands.newKey }), { once: true }),
    entry("unreadable", ".", () => hands.dispatch({ do: "unreadable", now: now(), key: hands.newKey }), { once: true }),
    entry("unknown", ",", () => hands.dispatch({ do: "unknown" })),
    entry("skip", "PageDown", () => hands.dispatch({ do: "skip", now: now() })),
    entry("back", "PageUp", () => hands.dispatch({ do: "back", now: now() })),
    entry("undo", "Ctrl+Z", () => hands.dispatch({ do: "undo", now: now() })),
    entry("redo", "Ctrl+Shift+Z", () => hands.dispatch({ do: "redo" })),
    entry("last_text", "Alt+L", () => hands.dispatch({ do: "last text" })),
    entry("other_choice", "ArrowDown", field({ do: "choice", step: 1 })),
    entry("previous_choice", "ArrowUp", field({ do: "choice", step: -1 })),
    entry("next_doubtful", "Space", field({ do: "doubtful" })),
    entry("move_left", "ArrowLeft", field({ do: "left" })),
    entry("move_right", "ArrowRight", field({ do: "right" })),
    entry("move_home", "Home", field({ do: "home" })),
    entry("move_end", "End", field({ do: "end" })),
    entry("erase", "Backspace", field({ do: "backspace" })),
    entry("erase_here", "Delete", field({ do: "delete" })),
    entry("insert", "Insert", field({ do: "insert" })),
    entry("start_again", "Ctrl+Backspace", field({ do: "clear" })),
    entry("strip_next", "Alt+J", () => hands.dispatch({ do: "strip", step: 1 })),
    entry("strip_previous", "Alt+K", () => hands.dispatch({ do: "strip", step: -1 })),
    entry("take_out", "Alt+X", () => hands.dispatch({ do: "take out" })),
    entry("first_reading", "Alt+1", () => hands.dispatch({ do: "earlier", at: 0 })),
    entry("second_reading", "Alt+2", () => hands.dispatch({ do: "earlier", at: 1 })),
    entry("smooth", "Alt+Z", () => hands.look((look) => ({ ...look, smooth: !look.smooth }))),
    entry("invert", "Alt+I", () => hands.look((look) => ({ ...look, inverted: !look.inverted }))),
    entry("rotate", "Alt+R", () => hands.look((look) => ({ ...look, turns: (look.turns + 1) % 4 }))),
    entry("mirror", "Alt+M", () => hands.look((look) => ({ ...look, mirrored: !look.mirrored }))),
    entry("brighter", "Alt+ArrowUp", () => hands.look((look) => brighten(look, "light", 1))),
    entry("darker", "Alt+ArrowDown", () => hands.look((look) => brighten(look, "light", -1))),
    entry("more_contrast", "Alt+Shift+ArrowUp", () => hands.look((look) => brighten(look, "contrast", 1))),
    entry("less_contrast", "Alt+Shift+ArrowDown", () => hands.look((look) => brighten(look, "contrast", -1))),
    entry("frame", "Alt+C", () => hands.frame(null)),
    entry("save_whole", "Alt+A", hands.saveWhole, { once: true }),
    entry("leave", "Escape", () => hands.frame(false), { when: hands.frameShown }),
  ];
}
