/** The time for unasked frames is shared by branches: a crowd of one cannot take that of the others. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Did } from "../../core";
import { RoomPatience } from "./patience";

let now = 0;
beforeEach(() => {
  now = 1_000;
  vi.spyOn(performance, "now").mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

const branch = (name: string) => (): Did => name as Did;

/** Linked members, each in a branch of its own. */
function membersOf(branches: number) {
  return new Map(
    Array.from({ length: branches }, (_, i) => [`${i}` as Did, { standing: { branch: `branch ${i}` as Did } }]),
  );
}

/** Spends what is left of the first seconds, and lets a second pass. */
function used(branches: number): RoomPatience {
  const patience = new RoomPatience(membersOf(branches));
  const first = patience.of(branch("first"));
  first.spend(5_000);
  now += 1_000;
  return patience;
}

it("takes a whole room at the start, from whoever comes first", () => {
  const patience = new RoomPatience(membersOf(1));
  const first = patience.of(branch("first"));
  for (let i = 0; i < 49; i++) expect(first.spend(100)).toBe(true);
  expect(first.isLeft).toBe(true);
});

it("lets hostile branches take a twentieth of the time together, however many there are", () => {
  const patience = used(60);
  const hostile = Array.from({ length: 60 }, (_, i) => patience.of(branch(`hostile ${i}`)));
  let taken = 0;
  const begun = now;
  for (; now < begun + 60_000; now += 100) {
    for (const each of hostile) {
      if (!each.isLeft) continue;
      each.spend(1);
      taken++;
    }
  }
  expect(taken).toBeLessThan(0.05 * 60_000);
});

it("keeps a share for a branch that has not used its own, when others have used up everything", () => {
  const patience = used(2);
  const [hostile, honest] = [patience.of(branch("hostile")), patience.of(branch("honest"))];
  for (let i = 0; i < 100; i++) {
    now += 100;
    while (hostile.isLeft) hostile.spend(1);
    expect(hostile.isLeft).toBe(false);
    // A busy room sends a fraction of this.
    if (i > 10) expect(honest.isLeft).toBe(true);
    honest.spend(0.5);
  }
});

it("ends who goes on after that, and a new link of the same branch begins with no more", () => {
  const patience = used(4);
  const one = patience.of(branch("hostile"));
  let ms = 0;
  while (one.spend(10)) ms += 10;
  expect(ms).toBeLessThan(500);
  expect(patience.of(branch("hostile")).isLeft).toBe(false);
  expect(patience.of(branch("another")).spend(1)).toBe(true);
});

it("counts the branches now and then, and not for each frame", () => {
  const members = membersOf(60);
  const counted = vi.spyOn(members, "values");
  const one = new RoomPatience(members).of(branch("hostile"));
  for (let i = 0; i < 500; i++) {
    now += 10;
    one.spend(1);
  }
  expect(counted.mock.calls.length).toBeLessThan(10);
});
