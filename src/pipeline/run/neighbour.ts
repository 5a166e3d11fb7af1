/** The next or the previous node of a ring, as a type of its own so that links and queues can share it. */
import type { Did } from "../../core";

/** A node before or after a stage, and the repair (attempt) in which it became the neighbour. */
export interface RingNeighbour {
  readonly did: Did;
  readonly attempt: number;
}
