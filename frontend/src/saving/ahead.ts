/** What was done in the moment before the browser's database has it.
 *
 * A database commits some milliseconds later, and a tab may be closed in between. Local storage is
 * written at once: each entry stands there until the database has it. What a tab that is gone left
 * there is taken up by the next one.
 */

import type { Entry } from "./queue";

export interface Ahead {
  put(entry: Entry): void;
  remove(clientKey: string): void;
  /** What tabs that are gone left behind, in the order in which it was made. */
  left(): Promise<readonly Entry[]>;
  /** It is in the database now. */
  taken(entry: Entry): void;
}

type Keep = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

const PREFIX = "lpr-ahead";
const lockOf = (tab: string): string => `lpr-tab ${tab}`;

/** `others` are the tabs that are open. */
export function aheadIn(storage: Keep, tab: string, others: () => Promise<ReadonlySet<string>>): Ahead {
  const names = (): string[] => Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? "");
  const name = (clientKey: string): string => `${PREFIX} ${tab} ${clientKey}`;
  return {
    put(entry) {
      try {
        storage.setItem(name(entry.clientKey), JSON.stringify(entry));
      } catch {
        // Full or forbidden: the database will have it in a moment.
      }
    },
    remove: (clientKey) => storage.removeItem(name(clientKey)),
    async left() {
      const alive = await others();
      const found = names().flatMap((one) => {
        const [prefix, owner] = one.split(" ");
        return prefix !== PREFIX || owner === undefined || owner === tab || alive.has(owner) ? [] : (read(storage.getItem(one)) ?? []);
      });
      // Sequences count down from -1 until the database gives its own.
      return found.sort((a, b) => a.made - b.made || b.sequence - a.sequence);
    },
    taken(entry) {
      for (const one of names()) if (one.startsWith(`${PREFIX} `) && one.endsWith(` ${entry.clientKey}`)) storage.removeItem(one);
    },
  };
}

function read(text: string | null): Entry | null {
  try {
    const entry = JSON.parse(text ?? "null") as Entry | null;
    return typeof entry?.clientKey === "string" && typeof entry.owner === "string" ? entry : null;
  } catch {
    return null;
  }
}

/** For this tab; open tabs are known by a lock that each holds as long as it lives. */
export function openAhead(): Ahead {
  const tab = crypto.randomUUID();
  const locks = "locks" in navigator ? navigator.locks : null;
  void locks?.request(lockOf(tab), () => new Promise(() => undefined)).catch(() => undefined);
  return aheadIn(localStorage, tab, async () => {
    const held = (await locks?.query())?.held ?? [];
    return new Set(held.flatMap(({ name }) => (name?.startsWith(lockOf("")) ? name.slice(lockOf("").length) : [])));
  });
}
