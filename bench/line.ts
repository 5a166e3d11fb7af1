/** One line of the table: the measurement, the value that it is compared with, and the target. */
import type { Spread } from "./statistics";

/** How numbers of a line are written. */
export type Unit = "tokens/s" | "characters/s" | "ms" | "µs" | "kB" | "B/s" | "1/s" | "links" | "nodes" | "%" | "ratio";

/** The target of a line. `of` names the figure that must meet it, such as `max` for losses, which must never take longer. */
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
  /** Notes that a reader needs to understand the line. */
  readonly notes?: readonly string[];
}

/** Whether this run met the target; undefined if there is no target. */
export function isKept({ measured, ratio, target }: Line): boolean | undefined {
  if (!target) return undefined;
  const figure = target.of === "ratio" ? ratio?.median : measured[target.of];
  if (figure === undefined) return undefined;
  return target.at === "least" ? figure >= target.value : figure <= target.value;
}
