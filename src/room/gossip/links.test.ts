/** Which links nodes want: whatever they do, a room that agrees on who is there is connected, and nobody has too many. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Did } from "../../core";
import { seededRandom } from "../testing/simulation/chance";
import { FULL_MESH_NODES } from "../constants";
import { FULL_MESH_AGAIN_NODES, LINKS_KEPT, LINKS_WANTED, LINK_SETTLE_MS } from "./constants";
import { type Neighbour, isFullMesh, planLinks, ringNeighbours } from "./links";

const didOf = (index: number): Did => `did:key:z6Mk${index.toString(36).padStart(4, "0")}` as Did;

/** A room in which everybody knows everybody, and carries out what is planned. */
class Room {
  readonly links = new Map<Did, Map<Did, Neighbour>>();
  readonly #random: () => number;

  constructor(nodes: number, random: () => number) {
    this.#random = random;
    for (let i = 0; i < nodes; i++) this.links.set(didOf(i), new Map());
  }

  add(did: Did): void {
    this.links.set(did, new Map());
  }

  remove(did: Did): void {
    this.links.delete(did);
    for (const linked of this.links.values()) linked.delete(did);
  }

  /** Every node looks at its links once; those that were made before have settled. */
  tend(busy: (a: Did, b: Did) => boolean = () => false): void {
    for (const [self, linked] of this.links) {
      const others = [...this.links.keys()].filter((did) => did !== self);
      const plan = planLinks({
        self,
        others,
        linked: new Map([...linked].map(([did, link]) => [did, { ...link, busy: busy(self, did) }])),
        dialling: 0,
        avoid: () => false,
        full: false,
        random: this.#random,
      });
      for (const did of plan.drop) this.#set(self, did, undefined);
      for (const did of plan.dial) this.#set(self, did, { busy: false, ageMs: LINK_SETTLE_MS });
    }
  }

  get degrees(): number[] {
    return [...this.links.values()].map(({ size }) => size);
  }

  get connected(): boolean {
    const [first] = this.links.keys();
    const reached = new Set(first ? [first] : []);
    for (const did of reached) for (const other of this.links.get(did)!.keys()) reached.add(other);
    return reached.size === this.links.size;
  }

  #set(a: Did, b: Did, link: Neighbour | undefined): void {
    for (const [one, two] of [
      [a, b],
      [b, a],
    ] as const) {
      if (link) this.links.get(one)?.set(two, link);
      else this.links.get(one)?.delete(two);
    }
  }
}

describe("links of a larger room", () => {
  it("connect all nodes with bounded degrees, through any joins and leaves", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("join" as const), count: fc.integer({ min: 1, max: 20 }) }),
      fc.record({ kind: fc.constant("leave" as const), share: fc.double({ min: 0, max: 0.5, noNaN: true }) }),
    );
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { maxLength: 6 }), (seed, steps) => {
        const random = seededRandom(seed);
        const room = new Room(60, random);
        let next = 60;
        for (const change of [...steps, undefined]) {
          if (change?.kind === "join") for (let i = 0; i < change.count; i++) room.add(didOf(next++));
          if (change?.kind === "leave") {
            for (const did of [...room.links.keys()]) {
              if (room.links.size > 33 && random() < change.share) room.remove(did);
            }
          }
          for (let look = 0; look < 20; look++) room.tend();
          expect(room.connected).toBe(true);
          expect(Math.min(...room.degrees)).toBeGreaterThanOrEqual(8);
          // Nodes dialled in the last look have not yet had the chance to drop surplus links.
          expect(Math.max(...room.degrees)).toBeLessThanOrEqual(LINKS_KEPT + 4);
        }
      }),
      { numRuns: 8 },
    );
  });

  it("connect all nodes by the ring alone", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 1e6 }), { minLength: 2, maxLength: 200 }), (indices) => {
        const dids = indices.map(didOf);
        const reached = new Set([dids[0]!]);
        for (const did of reached) {
          for (const other of ringNeighbours(
            did,
            dids.filter((one) => one !== did),
          ))
            reached.add(other);
        }
        expect(reached.size).toBe(dids.length);
      }),
      { numRuns: 50 },
    );
  });

  it("of the ring are the next ones on each side, around its end too", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 1e6 }), { minLength: 1, maxLength: 12 }), (indices) => {
        const [self, ...others] = indices.map(didOf) as [Did, ...Did[]];
        const ring = [self, ...others].sort();
        const at = ring.indexOf(self);
        const near = [1, 2, -1, -2].map((step) => ring.at((at + step) % ring.length)!).filter((did) => did !== self);
        expect([...ringNeighbours(self, others)].sort()).toEqual([...new Set(near)].sort());
      }),
    );
  });

  it("are never cut while a job runs over them, while they are new, or while the ring needs them", () => {
    const self = didOf(0);
    const others = Array.from({ length: 99 }, (_, i) => didOf(i + 1));
    const ring = ringNeighbours(self, others);
    const plan = (link: Neighbour) =>
      planLinks({
        self,
        others,
        linked: new Map(others.slice(0, 60).map((did) => [did, link])),
        dialling: 0,
        avoid: () => false,
        full: false,
        random: seededRandom(1),
      });
    expect(plan({ busy: true, ageMs: 1e6 }).drop).toEqual([]);
    expect(plan({ busy: false, ageMs: LINK_SETTLE_MS - 1 }).drop).toEqual([]);
    const { drop } = plan({ busy: false, ageMs: 1e6 });
    expect(drop.length).toBe((60 - LINKS_KEPT) / 4);
    expect(drop.filter((did) => ring.has(did))).toEqual([]);
  });

  it("are all links in a small room, and few are dialled at once in a large one", () => {
    const others = Array.from({ length: 99 }, (_, i) => didOf(i + 1));
    const plan = (full: boolean, dialling: number) =>
      planLinks({
        self: didOf(0),
        others,
        linked: new Map(),
        dialling,
        avoid: () => false,
        full,
        random: seededRandom(1),
      }).dial.length;
    expect(plan(true, 0)).toBe(99);
    expect(plan(false, 0)).toBe(4);
    expect(plan(false, LINKS_WANTED)).toBe(4 /* the ring's are always wanted */);
  });

  it("do not go back and forth in a room at the size limit", () => {
    expect(isFullMesh(FULL_MESH_NODES, true)).toBe(true);
    expect(isFullMesh(FULL_MESH_NODES + 1, true)).toBe(false);
    expect(isFullMesh(FULL_MESH_NODES, false)).toBe(false);
    expect(isFullMesh(FULL_MESH_AGAIN_NODES, false)).toBe(true);
  });
});
