/** The geometry of the ring: a full turn is the path of one token, and each part is as long as its time. */

/** Times in ms; undefined if unknown. */
interface RingTimes {
  readonly ms: number | undefined;
  readonly hopMs: number | undefined;
}

/** Angles in degrees, clockwise from the top. */
export interface Arc {
  readonly from: number;
  readonly to: number;
  /** Where the next arc begins; the hop lies between `to` and `next`. */
  readonly next: number;
}

/** The least degrees of each stage and each hop, so that they stay visible; less if there are many. */
const LEAST_STOP = 32;
const LEAST_HOP = 12;
/** The largest share of the ring that these minimums may take. */
const MOST_FLOOR = 0.75;

/** The arcs of the stages; the first is centred at the top. A single stage without a hop closes the ring but for a gap. */
export function ringOf(times: readonly RingTimes[]): readonly Arc[] {
  if (times.length === 0) return [];
  const floor = times.length * (LEAST_STOP + LEAST_HOP);
  const shrink = Math.min(1, (360 * MOST_FLOOR) / floor);
  const spare = 360 - floor * shrink;
  const total = times.reduce((sum, { ms = 0, hopMs = 0 }) => sum + ms + hopMs, 0);
  // Without any known time, all stages get the same length.
  const share = (value: number): number => (total > 0 ? (spare * value) / total : 0);
  const even = total > 0 ? 0 : spare / times.length;
  const lengths = times.map(({ ms = 0, hopMs = 0 }) => ({
    stop: LEAST_STOP * shrink + share(ms) + even,
    hop: LEAST_HOP * shrink + share(hopMs),
  }));
  let at = -(lengths[0]?.stop ?? 0) / 2;
  return lengths.map(({ stop, hop }) => {
    const from = at;
    at += stop + hop;
    return { from, to: from + stop, next: at };
  });
}

/** A point on a circle around the origin; y grows downwards, as on screens. */
export function pointAt(degrees: number, radius: number): readonly [x: number, y: number] {
  const angle = ((degrees - 90) * Math.PI) / 180;
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

/** An SVG path along the circle, clockwise; empty if it has no length. */
export function arcPath(from: number, to: number, radius: number): string {
  if (to <= from) return "";
  const [x0, y0] = pointAt(from, radius);
  // A full circle would start and end at the same point, which SVG does not draw.
  const [x1, y1] = pointAt(Math.min(to, from + 359.99), radius);
  const round = (value: number): string => value.toFixed(2);
  return `M${round(x0)} ${round(y0)}A${radius} ${radius} 0 ${to - from > 180 ? 1 : 0} 1 ${round(x1)} ${round(y1)}`;
}
