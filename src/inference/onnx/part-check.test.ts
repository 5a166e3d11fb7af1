/** Steps in pieces, and how a part finds out how large they may be. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HiddenState } from "../stages";
import { runInChunks } from "./chunks";
import type { GraphSpec } from "./graph-spec";
import type { KvCache } from "./cache/kv-cache";
import { checkPart } from "./part-check";
import type { Step, StepResult, Wanted } from "./step";

const WIDTH = 4;
const SLOT = { name: "x", type: "float32", width: WIDTH } as const;

const floats = (hidden: HiddenState | undefined) =>
  new Float32Array((hidden?.[0]?.bytes ?? new Uint8Array()).slice().buffer);
const state = (numbers: Float32Array<ArrayBuffer>): HiddenState => [
  { name: "x", type: "float32", bytes: new Uint8Array(numbers.buffer) },
];

/** Doubles what it is given; logits are the ids. */
function double({ ids, hidden, count }: Step, wanted: Wanted): Promise<StepResult> {
  const logits = (ids ?? []).slice(count - wanted.logits).map((id) => Float32Array.of(id));
  return Promise.resolve({ logits, hidden: wanted.hidden ? state(floats(hidden).map((value) => value * 2)) : [] });
}

describe("runInChunks", () => {
  it("computes the same as one run, whatever the pieces are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 50 }),
        fc.nat(12),
        async (count, chunk, rows) => {
          const ids = Array.from({ length: count }, (_, index) => index);
          const step = { count, ids, hidden: state(Float32Array.from({ length: count * WIDTH }, (_, index) => index)) };
          const wanted = { logits: Math.min(rows, count), hidden: true };
          const sizes: number[] = [];
          const run = (piece: Step, of: Wanted) => (sizes.push(piece.count), double(piece, of));
          expect(await runInChunks(run, chunk, step, wanted)).toEqual(await double(step, wanted));
          expect(Math.max(...sizes)).toBeLessThanOrEqual(chunk);
        },
      ),
    );
  });
});

/** A part on a device that is wrong from `broken` tokens on, and in place always if `place` is. */
function subject({ broken = Infinity, place = false, nonsense = false }) {
  const cache = (name: string) => ({ name, dispose: () => undefined }) as unknown as KvCache;
  const [plain, inPlace] = [() => cache("plain"), () => cache("in place")];
  let chunk = Infinity;
  const compute = async (held: KvCache, step: Step, wanted: Wanted): Promise<StepResult> => {
    const { hidden } = await double(step, wanted);
    const wrong = step.count >= broken || (place && (held as unknown as { name: string }).name === "in place");
    if (nonsense) return { logits: [], hidden: state(floats(hidden).fill(Number.NaN)) };
    return { logits: [], hidden: wrong ? state(floats(hidden).map((value, index) => value * (index % 3))) : hidden };
  };
  const runner = {
    limit: (tokens: number) => void (chunk = tokens),
    run: (held: KvCache, step: Step, wanted: Wanted) =>
      runInChunks((...piece) => compute(held, ...piece), chunk, step, wanted),
  };
  const spec = { hidden: { takes: [SLOT], gives: [SLOT], passes: [] }, logits: undefined } as unknown as GraphSpec;
  return { runner, spec, plain, inPlace, turn: <T>(work: () => Promise<T>) => work() };
}

describe("checkPart", () => {
  it("trusts whole steps if they are right, with caches updated in place", async () => {
    const good = subject({});
    expect(await checkPart(good, 64)).toEqual({ chunk: 64, create: good.inPlace });
  });

  it("finds the largest pieces that give the right result", async () => {
    const limited = subject({ broken: 32 });
    expect(await checkPart(limited, 64)).toEqual({ chunk: 31, create: limited.inPlace });
    expect(await checkPart(limited, 20)).toEqual({ chunk: 20, create: limited.inPlace });
    expect(await checkPart(subject({ broken: 9 }), 64)).toMatchObject({ chunk: 8 });
  });

  it("grows caches if updating them in place gives a wrong result", async () => {
    const wrong = subject({ place: true });
    expect(await checkPart(wrong, 16)).toEqual({ chunk: 16, create: wrong.plain });
  });

  it("refuses a device that computes no numbers", async () => {
    await expect(checkPart(subject({ nonsense: true }), 16)).rejects.toMatchObject({ code: "unsupported-model" });
  });
});
