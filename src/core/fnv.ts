/** A small hash for sums that find differences between friends. */

/** FNV-1a, 32 bits. It notices accidents and proves nothing against anybody who means harm. */
export function fnv1a(bytes: Uint8Array): number {
  let value = 0x811c9dc5;
  for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}
