/** Maps that keep the newest of what others may invent without end. */

/** Puts an entry last, as the newest; the oldest entry is dropped where there are more than `most`. */
export function putNewest<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  // Only now: a map walks over all that it has lately lost before it comes to its first key.
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
