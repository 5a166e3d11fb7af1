/** What a group of lines is made with. */
import type { Line } from "./line";
import type { Stage } from "./stage";

export interface GroupContext {
  readonly stage: Stage;
  /** How often to measure something: the usual number, scaled as the person asked, at least once. */
  times(usual: number): number;
  /** Says what goes on. */
  say(text: string): void;
}

/** Measures some lines. Throws where something could not be measured. */
export type Group = (context: GroupContext) => Promise<Line[]>;
