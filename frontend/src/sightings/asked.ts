/** What a search asks, between the address of the page and the server. */

const NAMES = ["text", "near", "camera", "since", "until", "sure"] as const;

/** As the form says it; "" where it says nothing. */
export type Asked = Readonly<Record<(typeof NAMES)[number], string>>;

export interface Query {
  text?: string;
  near?: boolean;
  camera?: number;
  since?: string;
  until?: string;
  confidence?: number;
}

export const askedOf = (search: URLSearchParams): Asked =>
  Object.fromEntries(NAMES.map((name) => [name, search.get(name) ?? ""])) as Asked;

/** What is no number or no time is left out. */
export function queryOf({ text, near, camera, since, until, sure }: Asked): Query {
  const query: Query = {};
  if (text.trim() !== "") query.text = text.trim();
  if (near !== "") query.near = true;
  if (/^\d+$/u.test(camera)) query.camera = Number(camera);
  const [from, to] = [new Date(since), new Date(until)];
  if (!Number.isNaN(from.getTime())) query.since = from.toISOString();
  if (!Number.isNaN(to.getTime())) query.until = to.toISOString();
  const share = Number(sure.replace(",", ".")) / 100;
  if (sure.trim() !== "" && share >= 0 && share <= 1) query.confidence = share;
  return query;
}
