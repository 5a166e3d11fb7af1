/** Makes the patterns of keys: of one key by itself, and of all keys of a room so that no two look alike. */

/** Cells on each side. */
export const PATTERN_SIDE = 5;
/** Columns that come from the key; the other columns mirror them. */
const OWN_COLUMNS = Math.ceil(PATTERN_SIDE / 2);

/** All of them are dark enough for light cells. */
const LIGHTNESS = [0.3, 0.4, 0.5, 0.58];
/** Hues that differ at a glance, 30 degrees apart. */
const HUES = 12;
/** The colours of the ground. */
export const GROUNDS = HUES * LIGHTNESS.length;
/** From a ground that is taken to the next one: far away, and in the end through all of them. */
const NEXT_GROUND = 19;
const SHAPES = 2 ** (OWN_COLUMNS * PATTERN_SIDE);

interface Pattern {
  /** Hue of the background, 0 to 359 degrees. */
  readonly hue: number;
  /** Lightness of the background, 0 to 1, so that neighbouring hues still differ. */
  readonly lightness: number;
  /** Hue of the cells. */
  readonly cellHue: number;
  /** The lit cells, as column and row from the top left. */
  readonly cells: readonly (readonly [number, number])[];
}

/** Makes the pattern of a DID or any text. It helps to tell people apart but proves nothing. */
export function patternOf(did: string): Pattern {
  const [shape, colour] = hash(did);
  return draw(shape % SHAPES, colour % GROUNDS, colour);
}

/**
 * The patterns of all members of a room. Up to `GROUNDS` members have grounds of different colours, and any number have
 * different patterns. Members take their own ground in the order of their DIDs, and the next free one if it is taken, so
 * every page that knows the same members shows the same patterns.
 */
export function patternsOf(dids: Iterable<string>): ReadonlyMap<string, Pattern> {
  const patterns = new Map<string, Pattern>();
  const shapes = Array.from({ length: GROUNDS }, () => new Set<number>());
  for (const did of [...new Set(dids)].sort()) {
    const [ownShape, colour] = hash(did);
    const fewest = Math.floor(patterns.size / GROUNDS);
    let ground = colour % GROUNDS;
    while (shapes[ground]!.size > fewest) ground = (ground + NEXT_GROUND) % GROUNDS;
    let shape = ownShape % SHAPES;
    while (shapes[ground]!.has(shape)) shape = (shape + 1) % SHAPES;
    shapes[ground]!.add(shape);
    patterns.set(did, draw(shape, ground, colour));
  }
  return patterns;
}

function draw(shape: number, ground: number, colour: number): Pattern {
  const cells: [number, number][] = [];
  for (let bit = 0; bit < OWN_COLUMNS * PATTERN_SIDE; bit += 1) {
    if (((shape >>> bit) & 1) === 0) continue;
    const column = Math.floor(bit / PATTERN_SIDE);
    const row = bit % PATTERN_SIDE;
    cells.push([column, row]);
    const mirrored = PATTERN_SIDE - 1 - column;
    if (mirrored !== column) cells.push([mirrored, row]);
  }
  const hue = (ground % HUES) * (360 / HUES);
  // A second hue that is never near the first.
  const cellHue = (hue + 90 + ((colour >>> 9) % 180)) % 360;
  return { hue, lightness: LIGHTNESS[Math.floor(ground / HUES)]!, cellHue, cells };
}

/** Two independent 32-bit hashes (FNV-1a with the final mixing of MurmurHash3). */
function hash(text: string): readonly [number, number] {
  return [mix(text, 0x811c9dc5), mix(text, 0x2f0b4c47)];
}

function mix(text: string, seed: number): number {
  let value = seed;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
