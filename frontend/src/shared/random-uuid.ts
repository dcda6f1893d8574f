/** `crypto.randomUUID` exists only over HTTPS and on the machine itself; the keys under which work is saved are needed in a local network too. */

// The types say that it is always there.
const given = crypto as { randomUUID?: () => `${string}-${string}-${string}-${string}-${string}` };

given.randomUUID ??= () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40; // version 4
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80; // of RFC 9562
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};
