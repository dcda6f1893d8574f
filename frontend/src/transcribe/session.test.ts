import { describe, expect, it } from "vitest";

import { textOf } from "./field";
import { type Crop, type Order, type Session, type SessionAction, begin, currentItem, lookedAt, pace, step, strokes, together, upcoming } from "./session";
import { distance } from "./strip";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const FORMATS = [{ country: "Ecuador", name: "Ecuador", pattern: "AAA9999", display: "AAA-9999" }];

const crop = (id: number, suggestion = ""): Crop => ({
  id,
  picture: `/crops/${id}.jpg`,
  source: `/crops/${id}.jpg`,
  width: 96,
  height: 48,
  revision: 1,
  video: "hour_1",
  seconds: id,
  group: "",
  role: "first",
  text: "",
  earlier: [],
  framePicture: null,
  box: null,
  sharpness: null,
  suggestion: suggestion === "" ? null : {
    id: 10 * id,
    text: suggestion,
    confidences: [...suggestion].map(() => 0.99),
    alternatives: [],
    model: "Recognizer 1",
  },
});

const sitting = (...crops: Crop[]): Session =>
  step(begin(ALPHABET, FORMATS), { do: "crops", crops, left: 100, now: 0 })[0];
/** One key after the other: the first is as given. */
function keys(first: string): () => string {
  let given = 0;
  return () => (given++ === 0 ? first : `${first}-${given}`);
}
const typed = (text: string): SessionAction[] =>
  [...text].map((char) => ({ do: "field", action: { do: "type", text: char, alphabet: ALPHABET } }));
const enter = (now = 1000, key = `key-${now}`): SessionAction => ({ do: "enter", now, key: keys(key) });

function run(session: Session, ...actions: SessionAction[]): { session: Session; orders: Order[] } {
  const orders: Order[] = [];
  let now = session;
  for (const action of actions) {
    const [next, more] = step(now, action);
    now = next;
    orders.push(...more);
  }
  return { session: now, orders };
}

describe("saving", () => {
  it("a right suggestion is one key", () => {
    const { session, orders } = run(sitting(crop(1, "PBA1234"), crop(2)), enter(900, "k"));
    expect(orders).toEqual([
      {
        kind: "save",
        crop: crop(1, "PBA1234"),
        saved: { crop: 1, clientKey: "k", status: "readable", text: "PBA1234", outcome: "accepted", changed: 0, seconds: 0.9, together: "k" },
      },
    ]);
    expect(currentItem(session)?.crop.id).toBe(2);
    expect(textOf(session.field)).toBe("");
    expect(session.left).toBe(99);
  });

  it("k wrong characters are k keys and Enter", () => {
    const unsure = { ...crop(1, "PBA1234") };
    const doubtful = { ...unsure, suggestion: unsure.suggestion && { ...unsure.suggestion, confidences: [0.5, 1, 1, 1, 1, 0.7, 1] } };
    const { orders } = run(sitting(doubtful), ...typed("R8"), enter());
    expect(orders[0]).toMatchObject({ saved: { text: "RBA1284", outcome: "changed", changed: 2 } });
  });

  const whole = (now: number): SessionAction => ({ do: "whole", now, key: keys(`whole-${now}`) });

  it("without a suggestion the last character saves, and an Enter by habit saves nothing more", () => {
    const { session, orders } = run(sitting(crop(1), crop(2, "PBB1111"), crop(3)), ...typed("pba123"), whole(1), ...typed("4"), whole(2), enter(300));
    expect(orders).toMatchObject([{ saved: { crop: 1, text: "PBA1234", status: "readable", outcome: "" } }]);
    expect(currentItem(session)?.crop.id).toBe(2);
    expect(run(session, enter(2000)).orders).toMatchObject([{ saved: { crop: 2, text: "PBB1111" } }]);
    expect(run(session, ...typed("X"), enter(400), enter(500)).orders).toHaveLength(1); // strange, said once
  });

  it("what was suggested, put there at once, or may go on is saved by Enter only", () => {
    expect(run(sitting(crop(1, "PBA1235")), ...typed("4"), whole(1)).orders).toEqual([]);
    const put: SessionAction = { do: "field", action: { do: "put", text: "PBA1234", alphabet: ALPHABET } };
    expect(run(sitting(crop(1)), put, whole(1)).orders).toEqual([]);
    expect(run(sitting(crop(1)), ...typed("PBA12?4"), whole(1)).orders).toEqual([]);
    const longer = [...FORMATS, { country: "", name: "longer", pattern: "AAA99999", display: "AAA-99999" }];
    const session = step(sitting(crop(1)), { do: "formats", formats: longer, alphabet: ALPHABET })[0];
    expect(run(session, ...typed("PBA1234"), whole(1)).orders).toEqual([]);
  });

  it("without a suggestion is the characters and Enter", () => {
    const { orders } = run(sitting(crop(1)), ...typed("pba1234"), enter());
    expect(orders[0]).toMatchObject({ saved: { text: "PBA1234", status: "readable", outcome: "" } });
  });

  it("unreadable is one key and has no text", () => {
    const { orders, session } = run(sitting(crop(1, "PBA1234"), crop(2)), { do: "unreadable", now: 5, key: keys("k") });
    expect(orders[0]).toMatchObject({ saved: { text: "", status: "unreadable", outcome: "ignored" } });
    expect(session.at).toBe(1);
  });

  it("with an unknown character is partial", () => {
    const { orders } = run(sitting(crop(1)), ...typed("PBA12"), { do: "unknown" }, ...typed("4"), enter());
    expect(orders[0]).toMatchObject({ saved: { text: "PBA12?4", status: "partial" } });
  });

  it("nothing typed saves nothing and says so", () => {
    const { session, orders } = run(sitting(crop(1)), enter(), enter());
    expect(orders).toEqual([]);
    expect(session.warning).toBe("empty");
  });

  it("a text like no plate is said once, the second Enter saves it", () => {
    const once = run(sitting(crop(1)), ...typed("PB"), enter());
    expect(once.orders).toEqual([]);
    expect(once.session.warning).toBe("strange");
    expect(run(once.session, enter()).orders).toHaveLength(1);
    expect(run(once.session, ...typed("A"), enter()).orders).toEqual([]);
  });

  it("behind the last crop waits for more and shows them when they come", () => {
    const { session } = run(sitting(crop(1, "PBA1234")), enter());
    expect(currentItem(session)).toBeNull();
    expect(run(session, ...typed("X"), enter()).orders).toEqual([]);
    const more = run(session, { do: "crops", crops: [crop(1), crop(2, "ABC0001")], left: 98, now: 2000 }).session;
    expect(currentItem(more)?.crop.id).toBe(2);
    expect(textOf(more.field)).toBe("ABC0001");
  });
});

describe("suggestions that come late", () => {
  const later = (session: Session, ...crops: Crop[]): Session => run(session, { do: "crops", crops, left: 100, now: 0 }).session;

  it("appear on the crop on screen while nothing was typed, and on those behind it", () => {
    const session = later(sitting(crop(1), crop(2)), crop(1, "ABC0001"), crop(2, "ABC0002"));
    expect(textOf(session.field)).toBe("ABC0001");
    expect(textOf(run(session, enter()).session.field)).toBe("ABC0002");
  });

  it("leave alone what somebody types, and take nothing away", () => {
    const typing = run(sitting(crop(1), crop(2, "ABC0002")), { do: "field", action: { do: "type", text: "X", alphabet: ALPHABET } }).session;
    const session = later(typing, crop(1, "ABC0001"), crop(2, "ABC0002"));
    expect(textOf(session.field)).toBe("X");
    expect(currentItem(session)?.crop.suggestion).toBeNull();
    expect(textOf(later(sitting(crop(1, "ABC0001")), crop(1, "XYZ9999")).field)).toBe("ABC0001");
  });

  it("change nothing that was saved", () => {
    const session = later(run(sitting(crop(1, "ABC0001"), crop(2)), enter()).session, crop(1, "XYZ9999"));
    expect(session.items[0]?.crop.suggestion?.text).toBe("ABC0001");
  });
});

describe("going about", () => {
  const three = sitting(crop(1, "PBA1111"), crop(2, "PBA2222"), crop(3, "PBA3333"));

  it("skip gives the crop back and is no transcription", () => {
    const { session, orders } = run(three, { do: "skip", now: 0 });
    expect(orders).toEqual([{ kind: "release", crop: 1 }]);
    expect(currentItem(session)?.crop.id).toBe(2);
    expect(upcoming(session).map(({ id }) => id)).toEqual([3]);
  });

  it("back shows the saved text, and Enter on it unchanged saves nothing again", () => {
    const back = run(three, enter(), { do: "back", now: 0 });
    expect(textOf(back.session.field)).toBe("PBA1111");
    const on = run(back.session, enter());
    expect(on.orders).toEqual([]);
    expect(currentItem(on.session)?.crop.id).toBe(2);
  });

  it("back and another text saves once more, and the list names the crop once", () => {
    const { session, orders } = run(three, enter(1, "a"), { do: "back", now: 0 }, { do: "field", action: { do: "backspace" } }, ...typed("9"), enter(2, "b"));
    expect(orders.map((order) => order.kind === "save" && order.saved.text)).toEqual(["PBA1111", "PBA1119"]);
    expect(session.saved.map(({ text }) => text)).toEqual(["PBA1119"]);
    expect(session.left).toBe(99);
  });

  it("a skipped crop can still be read after going back", () => {
    const { orders } = run(three, { do: "skip", now: 0 }, { do: "back", now: 0 }, enter());
    expect(orders.at(-1)).toMatchObject({ kind: "save", saved: { crop: 1 } });
  });

  it("skipped crops can be brought again", () => {
    const { session } = run(three, { do: "skip", now: 0 }, enter(), enter(), { do: "forget skipped" });
    expect(session.items.map((item) => item.crop.id)).toEqual([2, 3]);
    expect(session.at).toBe(2);
    expect(currentItem(run(session, { do: "crops", crops: [crop(1)], left: 1, now: 0 }).session)?.crop.id).toBe(1);
  });

  it("the last text is put with one key", () => {
    const { session } = run(three, enter(), { do: "last text" });
    expect(textOf(session.field)).toBe("PBA1111");
  });
});

describe("undo", () => {
  it("takes back typing first and then the save, with the field as it was", () => {
    const two = run(sitting(crop(1, "PBA1111"), crop(2)), ...typed("9"), enter(), enter(1, "k"), ...typed("X")).session;
    expect(two.at).toBe(1);
    const once = run(two, { do: "undo", now: 0 });
    expect(once.session).toMatchObject({ at: 1, field: { cells: [] } });
    const twice = run(once.session, { do: "undo", now: 0 });
    expect(twice.orders).toEqual([{ kind: "withdraw", clientKey: "k" }]);
    expect(twice.session.at).toBe(0);
    expect(textOf(twice.session.field)).toBe("PBA11119");
    expect(twice.session.left).toBe(100);
  });

  it("redo brings typing back", () => {
    const { session } = run(sitting(crop(1)), ...typed("PB"), { do: "undo", now: 0 }, { do: "undo", now: 0 }, { do: "redo" }, { do: "redo" });
    expect(textOf(session.field)).toBe("PB");
  });

  it("with nothing done does nothing", () => {
    const session = sitting(crop(1));
    expect(run(session, { do: "undo", now: 0 }, { do: "redo" })).toEqual({ session, orders: [] });
  });
});

it("a draft comes back to its crop only", () => {
  const field = run(sitting(crop(1)), ...typed("PB")).session.field;
  const again = sitting(crop(1));
  expect(textOf(run(again, { do: "draft", crop: 1, field }).session.field)).toBe("PB");
  expect(run(again, { do: "draft", crop: 7, field }).session).toBe(again);
});

it("distance counts single characters", () => {
  expect(distance("PBA1234", "PBA1234")).toBe(0);
  expect(distance("PBA1234", "P8A1284")).toBe(2);
  expect(distance("PBA1234", "PBA123")).toBe(1);
  expect(distance("", "AB")).toBe(2);
});

it("pace leaves coffee out", () => {
  const one = (seconds: number) => ({ crop: 1, clientKey: "", status: "readable" as const, text: "A", outcome: "" as const, changed: 0, seconds, together: "" });
  expect(pace([one(1), one(2)])).toBeNull();
  expect(pace([one(1), one(3), one(2), one(600)])).toEqual({ perMinute: 30, median: 2 });
});

describe("crops of one vehicle", () => {
  const unsure = (id: number, text: string, at: number): Crop => {
    const one = crop(id, text);
    return { ...one, suggestion: one.suggestion && { ...one.suggestion, confidences: [...text].map((_, place) => (place === at ? 0.5 : 0.99)) } };
  };
  const passing = (): Session => sitting(
    crop(1, "PBA1234"), crop(2, "PBA1234"), unsure(3, "PBA1284", 5), { ...crop(4, "XYZ9999"), seconds: 3 }, { ...crop(40, "PBA1234"), seconds: 40 },
  );

  it("are linked by near time and like suggestions, and saved with one key", () => {
    const { session, orders } = run(passing(), enter(3000, "k"));
    expect(orders.map((order) => order.kind === "save" && [order.crop.id, order.saved.text, order.saved.outcome, order.saved.seconds]))
      .toEqual([[1, "PBA1234", "accepted", 1], [2, "PBA1234", "accepted", 1], [3, "PBA1234", "changed", 1]]);
    expect(new Set(orders.map((order) => order.kind === "save" && order.saved.clientKey)).size).toBe(3);
    expect([currentItem(session)?.crop.id, session.left, session.keys]).toEqual([4, 97, 1]);
  });

  it("come back with one undo", () => {
    const { session, orders } = run(passing(), enter(), { do: "undo", now: 5 });
    expect(orders.slice(3)).toHaveLength(3);
    expect([currentItem(session)?.crop.id, session.left, session.strip, session.saved]).toEqual([1, 100, [2, 3], []]);
  });

  it("one can be looked at and taken out", () => {
    const looking = run(passing(), { do: "strip", step: -1 });
    expect(lookedAt(looking.session)?.id).toBe(3);
    const { session, orders } = run(looking.session, { do: "take out" }, enter());
    expect(orders).toHaveLength(2);
    expect(currentItem(session)?.crop.id).toBe(3);
  });

  it("the first alone is one key more", () => {
    const { session, orders } = run(passing(), { do: "take out" }, enter());
    expect(orders).toHaveLength(1);
    expect(together(session).map((one) => one.id)).toEqual([2, 3]);
  });

  it("a hidden character and unreadable count for one crop", () => {
    expect(run(passing(), { do: "field", action: { do: "home" } }, { do: "unknown" }, enter()).orders).toHaveLength(1);
    expect(run(passing(), { do: "unreadable", now: 5, key: keys("k") }).orders).toHaveLength(1);
  });

  it("two sure texts that differ are two vehicles", () => {
    expect(sitting(crop(1, "PBA1234"), crop(2, "PBA1235")).strip).toEqual([]);
  });

  it("two plates of one picture are two vehicles", () => {
    const { session } = run(sitting(crop(1, "PBA1234"), { ...crop(2, "PBA1234"), seconds: 1 }));
    expect(session.strip).toEqual([]);
  });

  it("a known group links without suggestions and keeps others apart", () => {
    const grouped = (id: number, group: string): Crop => ({ ...crop(id), group, video: "", seconds: null });
    expect(sitting(grouped(1, "a"), grouped(2, "b"), grouped(3, "a")).strip).toEqual([3]);
  });
});

describe("crops that were read before", () => {
  const judged: Crop = { ...crop(1, "XXX1111"), role: "adjudication", text: "PBA1234", earlier: [{ by: "ana", text: "PBA1234" }, { by: "beto", text: "PBA1284" }] };

  it("come with their text, and a key puts the other reading", () => {
    const begun = sitting(judged);
    expect(textOf(begun.field)).toBe("PBA1234");
    const { orders } = run(begun, { do: "earlier", at: 1 }, { do: "earlier", at: 5 }, enter());
    expect(orders[0]).toMatchObject({ saved: { text: "PBA1284" } });
  });

  it("are no part of a strip", () => {
    const second: Crop = { ...crop(2, "PBA1234"), role: "second" };
    expect(sitting(crop(1, "PBA1234"), second, { ...crop(3, "PBA1234"), text: "PBA1234" }).strip).toEqual([]);
    expect(sitting(second, crop(1, "PBA1234")).strip).toEqual([]);
  });
});

describe("crops that somebody else has or has read meanwhile", () => {
  const renewed = (held: number[], ...crops: Crop[]): SessionAction => ({ do: "crops", crops, held, left: 9, now: 0 });

  it("no longer wait behind the one on screen", () => {
    const { session } = run(sitting(crop(1), crop(2), crop(3)), renewed([1, 2, 3], crop(1), crop(3)));
    expect(upcoming(session).map(({ id }) => id)).toEqual([3]);
    expect(currentItem(session)).toMatchObject({ crop: { id: 1 } });
    expect(currentItem(session)?.lost).toBeUndefined();
  });

  it("say so under somebody's eyes, and what was typed stays", () => {
    const { session } = run(sitting(crop(1), crop(2)), ...typed("PBA"), renewed([1, 2], crop(2)));
    expect(currentItem(session)).toMatchObject({ crop: { id: 1 }, lost: true });
    expect(textOf(session.field)).toBe("PBA");
  });

  it("are none of those that came after the question, and none that was saved and undone here", () => {
    const { session } = run(sitting(crop(1, "PBA1234"), crop(2)), enter(900), { do: "undo", now: 950 }, renewed([1], crop(2), crop(3)));
    expect(currentItem(session)?.lost).toBeUndefined();
    expect(upcoming(session).map(({ id }) => id)).toEqual([2, 3]);
  });

  it("the one on screen stays the one on screen when one before it goes", () => {
    const before = run(sitting(crop(1), crop(2), crop(3)), { do: "show", crop: 2, now: 0 }).session;
    const { session } = run(before, renewed([1, 2, 3], crop(2), crop(3)));
    expect(currentItem(session)?.crop.id).toBe(2);
  });
});

it("what was saved in one stroke is listed once, with how many more", () => {
  const group = (id: number, text = "") => ({ ...crop(id, text), group: "one" });
  const { session } = run(sitting(group(1, "PBA1234"), group(2), crop(3, "PBB1234")), enter(900, "a"), enter(1900, "b"));
  expect(strokes(session.saved, 60).map(({ first, others }) => [first.text, others])).toEqual([["PBB1234", 0], ["PBA1234", 1]]);
  expect(strokes(session.saved, 1)).toHaveLength(1);
});
