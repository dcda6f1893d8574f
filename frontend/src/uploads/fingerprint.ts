/** What a file is known by when it is chosen again: its name, size and two samples of its bytes. */

const SAMPLE = 64 * 1024;

/** A 53-bit hash of bytes; not for secrets, only to tell files apart. */
export function hashOf(bytes: Uint8Array, seed = 0): string {
  let [high, low] = [0xdeadbeef ^ seed, 0x41c6ce57 ^ seed];
  for (const byte of bytes) {
    high = Math.imul(high ^ byte, 2654435761);
    low = Math.imul(low ^ byte, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36);
}

/** The first and last 64 kB decide: they differ between recordings, and are read at once. */
export async function fingerprintOf(file: Blob): Promise<string> {
  const parts = await Promise.all([file.slice(0, SAMPLE), file.slice(Math.max(0, file.size - SAMPLE))].map((part) => part.arrayBuffer()));
  return [file.size.toString(36), ...parts.map((part) => hashOf(new Uint8Array(part)))].join("-");
}
