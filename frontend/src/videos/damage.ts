/** What is known of a recording's state, from what the server keeps beside it. */

export interface Damage {
  /** Whether anybody has looked. */
  readonly known: boolean;
  readonly incomplete: boolean;
  readonly expected: number | null;
  readonly missing: number;
  readonly corrupt: number;
  readonly errors: number;
  readonly holes: number;
  readonly holeSeconds: number;
  /** Seconds; null where it goes on to its end. */
  readonly stopsAt: number | null;
}

export function damageOf({ damage, duration }: { readonly damage: unknown; readonly duration: number | null }): Damage {
  const told = (damage ?? {}) as Record<string, unknown>;
  const number = (name: string): number => (typeof told[name] === "number" ? told[name] : 0);
  const last = number("last_seconds");
  const stops = last > 0 && duration !== null && last < duration * 0.98 - 2 && told.to == null;
  const [corrupt, errors, missing] = [number("corrupt"), number("errors"), number("missing")];
  return {
    known: Object.keys(told).length > 0,
    incomplete: told.complete === false || stops || corrupt > 0 || errors > 0,
    expected: typeof told.expected === "number" ? told.expected : null,
    missing: missing > 2 ? missing : 0, // an edit list may hide two
    corrupt,
    errors,
    holes: number("holes"),
    holeSeconds: number("hole_seconds"),
    stopsAt: stops ? last : null,
  };
}
