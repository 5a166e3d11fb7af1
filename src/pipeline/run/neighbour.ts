/** The next or the previous node of a ring. */
import type { Did } from "../../core";

/** A node that steps are sent to, and the attempt that it belongs to. */
export interface RingNeighbour {
  readonly did: Did;
  readonly attempt: number;
}
