/** A group of lines, and the tools to measure them. */
import type { Line } from "./line";
import type { Stage } from "./stage";

export interface GroupContext {
  readonly stage: Stage;
  /** How often to measure something: the usual number, scaled as the person asked, at least once. */
  times(usual: number): number;
  /** Reports the progress. */
  say(text: string): void;
}

/** Measures some lines. Throws if something could not be measured. */
export type Group = (context: GroupContext) => Promise<Line[]>;
