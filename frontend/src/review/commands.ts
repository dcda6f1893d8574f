import type { Command } from "../shared/commands";
import { translator } from "../shared/text";
import type { FieldAction } from "../transcribe/field";
import { type Review, type ReviewAction, REASONS, currentRead, isWriting } from "./review";
import { mergeCandidates } from "./tracks";
import { texts } from "./texts";

export interface Player {
  readonly toggle: () => void;
  /** The car of the read on screen, from half a second before to half a second after. */
  readonly playThis: () => void;
  readonly frames: (count: number) => void;
  readonly seconds: (count: number) => void;
  /** Where the plate of the read on screen is best seen. */
  readonly moment: () => void;
}

interface Hands {
  readonly state: () => Review;
  readonly decide: (action: ReviewAction) => void;
  readonly undo: () => void;
  readonly player: Player;
  readonly overlay: () => void;
  /** Begin or end a checked stretch at the moment on screen. */
  readonly check: () => void;
  readonly checkAll: () => void;
  /** Two vehicles are one track: it is parted at the moment on screen. */
  readonly split: () => void;
  /** Asks from which confidence on reads are accepted unseen. */
  readonly sure: () => void;
  /** Makes the timeline so many times larger. */
  readonly zoom: (factor: number) => void;
  readonly newKey: () => string;
}

type Key = keyof typeof texts;

/** One table for buttons, shortcuts and the help sheet. Editing has the keys of Transcribe. */
export function reviewCommands(hands: Hands): readonly Command[] {
  const [en, es] = [translator(texts, "en"), translator(texts, "es")];
  const named = (id: Key): Command["name"] => ({ en: en(id), es: es(id) });
  const mode = (wanted: Review["mode"]) => (): boolean => hands.state().mode === wanted;
  const looking = (id: Key, keys: Command["keys"], run: () => void): Command => ({ id: `review-${id}`, name: named(id), keys, run, when: mode("look") });
  const act = (action: ReviewAction) => () => hands.decide(action);
  return [
    { id: "review-accept", name: named("accept"), keys: "Enter", run: () => hands.decide({ do: "enter", key: hands.newKey() }), when: () => !["reject", "draw", "merge"].includes(hands.state().mode), inFields: true },
    { id: "review-leave", name: named("leave"), keys: "Escape", run: act({ do: "look" }), when: () => hands.state().mode !== "look", inFields: true },
    looking("edit", "E", act({ do: "edit" })),
    { id: "review-reject", name: named("reject"), keys: "X", run: act({ do: "reject" }), when: () => ["look", "reject"].includes(hands.state().mode) },
    ...REASONS.map((reason, at): Command => ({
      id: `review-${reason}`, name: named(reason), keys: String(at + 1), when: () => mode("reject")() && (at === 0 || typeof currentRead(hands.state())?.missed !== "string"),
      run: () => hands.decide({ do: "reason", reason, key: hands.newKey() }),
    })),
    looking("next", ["J", "PageDown", "ArrowDown"], act({ do: "go", step: 1 })),
    looking("previous", ["K", "PageUp", "ArrowUp"], act({ do: "go", step: -1 })),
    looking("least_certain", "U", act({ do: "least certain" })),
    looking("next_sampled", "T", act({ do: "next sampled" })),
    looking("merge", "M", act({ do: "merge" })),
    looking("split", "S", hands.split),
    looking("sure", "B", hands.sure),
    looking("moment", "G", hands.player.moment),
    looking("play", "Space", hands.player.toggle),
    looking("play_this", "P", hands.player.playThis),
    looking("frame_back", "ArrowLeft", () => hands.player.frames(-1)),
    looking("frame_on", "ArrowRight", () => hands.player.frames(1)),
    looking("second_back", "Shift+ArrowLeft", () => hands.player.seconds(-1)),
    looking("second_on", "Shift+ArrowRight", () => hands.player.seconds(1)),
    looking("overlay", "O", hands.overlay),
    looking("add_missed", "N", act({ do: "add" })),
    looking("zoom_in", "+", () => hands.zoom(2)),
    looking("zoom_out", "-", () => hands.zoom(0.5)),
    looking("check", "C", hands.check),
    looking("check_all", "Shift+C", hands.checkAll),
    { id: "review-undo", name: named("undo"), keys: "Ctrl+Z", run: hands.undo },
  ];
}

const DECIDING: ReadonlySet<string> = new Set(["accept", "edit", "reject", ...REASONS, "merge", "split", "sure", "add_missed", "check", "check_all", "undo"].map((id) => `review-${id}`));

/** For those who may look, and not decide. */
export const forLooking = (commands: readonly Command[]): readonly Command[] => commands.filter(({ id }) => !DECIDING.has(id));

/** The keys of the small text field; a second table, because arrows mean the video elsewhere. */
export function writingCommands(hands: Pick<Hands, "state" | "decide" | "newKey">): readonly Command[] {
  const editing = (): boolean => isWriting(hands.state().mode);
  const mergeWith = (place: number) => (): void => {
    const state = hands.state();
    const read = currentRead(state);
    const other = read && mergeCandidates(state.reads, read)[place - 1];
    if (other) hands.decide({ do: "merge with", other: other.id, key: hands.newKey() });
  };
  const key = (keys: string, action: FieldAction): Command => ({
    id: `review-write-${keys}`, name: texts.edit, keys, when: editing, inFields: true, hidden: true,
    run: () => hands.decide({ do: "field", action }),
  });
  return [
    key("ArrowLeft", { do: "left" }),
    key("ArrowRight", { do: "right" }),
    key("Home", { do: "home" }),
    key("End", { do: "end" }),
    key("Space", { do: "doubtful" }),
    key("ArrowDown", { do: "choice", step: 1 }),
    key("ArrowUp", { do: "choice", step: -1 }),
    key("Backspace", { do: "backspace" }),
    key("Delete", { do: "delete" }),
    key("Insert", { do: "insert" }),
    key("Ctrl+Backspace", { do: "clear" }),
    ...[1, 2, 3, 4, 5].map((place): Command => ({
      id: `review-merge-${place}`, name: texts.merge, keys: String(place), when: () => hands.state().mode === "merge", hidden: true, run: mergeWith(place),
    })),
    {
      id: "review-write-unknown", name: texts.edit, keys: ",", when: editing, inFields: true, hidden: true,
      run: () => hands.decide({ do: "field", action: { do: "type", text: "?", alphabet: hands.state().alphabet } }),
    },
    {
      id: "review-write-unreadable", name: texts.unreadable, keys: ".", when: () => hands.state().mode === "edit", inFields: true, hidden: true,
      run: () => {
        hands.decide({ do: "reject" });
        hands.decide({ do: "reason", reason: "unreadable", key: hands.newKey() });
      },
    },
  ];
}
