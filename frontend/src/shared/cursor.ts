/** The cursor in the address of the next page. */
export function cursorOf(next: string | null | undefined): string | undefined {
  return next ? (new URL(next, "http://server").searchParams.get("cursor") ?? undefined) : undefined;
}
