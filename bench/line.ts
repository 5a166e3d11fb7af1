/** One line of the table: what was measured, what it is held against, and what was promised. */
import type { Spread } from "./statistics";

/** How numbers of a line are written. */
export type Unit = "tokens/s" | "ms" | "kB" | "B/s" | "1/s" | "links" | "%" | "ratio";

/** What a line promises. `of` says which figure must keep it; a loss must always be survived in time, so there `max`. */
export interface Target {
  readonly of: "ratio" | "median" | "max";
  readonly at: "least" | "most";
  readonly value: number;
}

export interface Line {
  readonly name: string;
  readonly unit: Unit;
  readonly measured: Spread;
  /** The ceiling or the other side, measured in turns with it. */
  readonly other?: { readonly name: string; readonly unit: Unit; readonly value: Spread };
  readonly ratio?: Spread;
  readonly target?: Target;
  /** What a reader must know to read the line rightly. */
  readonly notes?: readonly string[];
}

/** Whether the promise was kept here and now; undefined where nothing is promised. */
export function isKept({ measured, ratio, target }: Line): boolean | undefined {
  if (!target) return undefined;
  const figure = target.of === "ratio" ? ratio?.median : measured[target.of];
  if (figure === undefined) return undefined;
  return target.at === "least" ? figure >= target.value : figure <= target.value;
}
