/** Which plates somebody wants to read, and in which order: the address of the page says it. */

export const KINDS = ["waiting", "read", "disagreements"] as const;
export const ORDERS = ["added", "time", "doubtful", "strange", "different"] as const;
const NUMBERS = ["video", "min_height", "max_height", "min_sharpness"] as const;
const WORDS = ["text", "by", "since", "until"] as const;
const LONGEST = { text: 32, by: 150 };

export type Kind = (typeof KINDS)[number];
export type WantedName = "kind" | "order" | (typeof NUMBERS)[number] | (typeof WORDS)[number];
/** As the API takes it; what is left out does not matter. */
export type Wanted = Readonly<Partial<Record<WantedName, string | number>>>;

/** What the address asks for, without what makes no sense. */
export function wantedOf(params: URLSearchParams): Wanted {
  const said: Partial<Record<WantedName, string | number>> = {};
  const kind = params.get("kind");
  const order = params.get("order");
  if (KINDS.some((one) => one === kind && one !== "waiting")) said.kind = kind ?? "";
  if (ORDERS.some((one) => one === order && one !== "added")) said.order = order ?? "";
  for (const name of NUMBERS) {
    const value = params.get(name);
    if (value !== null && /^\d{1,9}$/.test(value)) said[name] = Number(value);
  }
  for (const name of WORDS) {
    const value = params.get(name)?.trim() ?? "";
    const day = name === "since" || name === "until";
    const right = day ? /^\d{4}-\d{2}-\d{2}$/.test(value) : value.length <= LONGEST[name];
    if (value !== "" && right) said[name] = value;
  }
  return said;
}

export const kindOf = (wanted: Wanted): Kind => (wanted.kind as Kind | undefined) ?? "waiting";

/** Only what was read has a person, a day and a text to disagree with. */
export const ordersFor = (kind: Kind): readonly (typeof ORDERS)[number][] =>
  kind === "disagreements" ? ["added"] : ORDERS.filter((order) => kind === "read" || order !== "different");
