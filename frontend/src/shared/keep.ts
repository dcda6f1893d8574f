/** Keeps a choice in this browser; where its storage is full or forbidden it counts until the page is closed. */
export function keep(name: string, value: string): void {
  try {
    globalThis.localStorage?.setItem(name, value);
  } catch {
    // Nothing more can be done, and nothing depends on it.
  }
}
