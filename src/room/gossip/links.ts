/**
 * Which links a node wants. Up to 32 nodes all of them. Above, two neighbours on each side of the ring of all dids, which
 * connect whoever agrees on who is there, and random ones, which keep ways short and hold while views differ.
 */
import type { Did } from "../../core";
import { FULL_MESH_NODES } from "../constants";
import {
  DIALS_PER_LOOK,
  FULL_MESH_AGAIN_NODES,
  LINKS_KEPT,
  LINKS_WANTED,
  LINK_SETTLE_MS,
  RING_NEIGHBOURS,
} from "./constants";

/** A link as planning sees it. */
export interface Neighbour {
  /** A job runs over it. */
  readonly busy: boolean;
  readonly ageMs: number;
}

/** The links to make and to drop now. */
interface LinkPlan {
  readonly dial: readonly Did[];
  readonly drop: readonly Did[];
}

/** Whether a room with this number of nodes is a full mesh. Depends on whether it was one `before`. */
export function isFullMesh(nodes: number, before: boolean): boolean {
  return nodes <= (before ? FULL_MESH_NODES : FULL_MESH_AGAIN_NODES);
}

/** The neighbours of `self` on the ring of all dids in the order of their text, which is random as keys are. */
export function ringNeighbours(self: Did, others: readonly Did[]): Set<Did> {
  // Each way around, those on this side of the ring's end come before those beyond it. Nothing is sorted, since every node looks often.
  const up = (a: Did, b: Did): boolean => (a > self === b > self ? a < b : a > self);
  const down = (a: Did, b: Did): boolean => (a < self === b < self ? a > b : a < self);
  return new Set([...first(others, RING_NEIGHBOURS, up), ...first(others, RING_NEIGHBOURS, down)]);
}

/** The first `count` of these in the order that `isBefore` gives. */
function first<T>(items: readonly T[], count: number, isBefore: (a: T, b: T) => boolean): T[] {
  const found: T[] = [];
  for (const item of items) {
    let at = found.length;
    while (at > 0 && isBefore(item, found[at - 1]!)) at--;
    if (at < count) found.splice(at, 0, item);
    if (found.length > count) found.pop();
  }
  return found;
}

interface Situation {
  readonly self: Did;
  /** All members that are known of. */
  readonly others: readonly Did[];
  readonly linked: ReadonlyMap<Did, Neighbour>;
  /** Links that are being made. */
  readonly dialling: number;
  /** Whether not to dial a node now: it is being dialled already, or dialling it failed lately. */
  readonly avoid: (did: Did) => boolean;
  readonly full: boolean;
  readonly random: () => number;
}

/** Plans the next step towards the links that are wanted. */
export function planLinks({ self, others, linked, dialling, avoid, full, random }: Situation): LinkPlan {
  const open = others.filter((did) => !linked.has(did) && !avoid(did));
  if (full) return { dial: open, drop: [] };
  const ring = ringNeighbours(self, others);
  const dial = open.filter((did) => ring.has(did));
  const wanted = Math.min(DIALS_PER_LOOK, LINKS_WANTED - linked.size - dialling) - dial.length;
  dial.push(
    ...sample(
      open.filter((did) => !ring.has(did)),
      wanted,
      random,
    ),
  );
  const idle = [...linked].filter(([did, { busy, ageMs }]) => !busy && !ring.has(did) && ageMs >= LINK_SETTLE_MS);
  // The further above, the faster: new members come in crowds.
  const surplus = Math.ceil((linked.size - LINKS_KEPT) / 4);
  const drop = sample(idle, surplus, random).map(([did]) => did);
  return { dial, drop };
}

/** Up to `count` of `items`, any of them, each once. */
export function sample<T>(items: readonly T[], count: number, random: () => number): T[] {
  const pool = [...items];
  const taken: T[] = [];
  while (taken.length < count && pool.length > 0) {
    const at = Math.floor(random() * pool.length);
    taken.push(pool[at]!);
    pool[at] = pool.at(-1)!;
    pool.pop();
  }
  return taken;
}
