/** Sequences that come together, part, go back and grow, in any order: each keeps its own tokens. */
import fc from "fast-check";
import type { Tensor } from "onnxruntime-web";
import { describe, expect, it } from "vitest";
import { nodeOrt } from "../../testing/node";
import type { CacheSlot, FixedSlot, GraphSpec } from "../graph-spec";
import type { Ort } from "../runtime";
import { CacheBatch } from "./batch";
import { arrayMemory } from "./memory";
import { SequenceCache } from "./sequence-cache";

const SHAPE = { type: "float32", heads: 2, headDim: 2 } as const;
const SLOTS: readonly CacheSlot[] = ["key", "value"].map((name) => {
  return { ...SHAPE, past: `past.${name}`, present: `present.${name}` };
});
const STATE: FixedSlot = { past: "past.state", present: "present.state", type: "float32", dims: [1, 3] };

interface Kind {
  readonly inPlace: boolean;
  readonly padsBehind: boolean;
  readonly fixed: boolean;
}

function makerOf(ort: Ort, { inPlace, padsBehind, fixed }: Kind): () => SequenceCache {
  const slots = SLOTS;
  const sizes = { bytesPerToken: 32, fixedBytes: 12, inPlacePossible: padsBehind };
  const spec = { slots, fixed: fixed ? [STATE] : [], ...sizes } as unknown as GraphSpec;
  return () => new SequenceCache({ ort, memory: arrayMemory(ort), spec, inPlace, maxTokens: CONTEXT });
}

/** A sequence, and the tokens that it should hold. */
interface Known {
  readonly cache: SequenceCache;
  tokens: number[];
}

const dataOf = (tensor: Tensor): Float32Array => tensor.data as Float32Array;

/** Runs a graph that only remembers: it appends each token to its row, and the state is the newest token. */
function run(ort: Ort, feeds: Record<string, Tensor>, lengths: readonly number[], ids: readonly number[], kind: Kind) {
  const outputs: Record<string, Tensor> = {};
  const rows = lengths.length;
  for (const [index, { past, present, heads, headDim }] of SLOTS.entries()) {
    const before = feeds[past]!;
    const size = before.dims[2]!;
    const after = kind.inPlace ? size : size + 1;
    const out = kind.inPlace ? dataOf(before) : new Float32Array(rows * heads * after * headDim);
    for (let line = 0; line < rows * heads; line++) {
      const row = Math.floor(line / heads);
      const from = dataOf(before).subarray(line * size * headDim, (line + 1) * size * headDim);
      const to = out.subarray(line * after * headDim, (line + 1) * after * headDim);
      if (!kind.inPlace) to.set(from);
      const at = kind.padsBehind ? lengths[row]! : size;
      to.fill(ids[row]! + 100 * index + 1000 * (line % heads), at * headDim, (at + 1) * headDim);
    }
    outputs[present] = kind.inPlace ? before : new ort.Tensor("float32", out, [rows, heads, after, headDim]);
  }
  if (kind.fixed)
    outputs[STATE.present] = new ort.Tensor("float32", Float32Array.from(ids.flatMap((id) => [id, id, id])), [rows, 3]);
  return outputs;
}

async function check({ cache, tokens }: Known, kind: Kind): Promise<void> {
  expect(cache.length).toBe(tokens.length);
  if (tokens.length === 0) return;
  await cache.separate();
  const feeds = cache.feeds();
  for (const [index, { past, heads, headDim }] of SLOTS.entries()) {
    const [rows, , size = 0] = feeds[past]!.dims;
    expect(rows).toBe(1);
    if (!kind.inPlace) expect(size).toBe(tokens.length);
    for (let head = 0; head < heads; head++) {
      const held = dataOf(feeds[past]!).subarray(head * size * headDim, (head * size + tokens.length) * headDim);
      expect([...held]).toEqual(
        tokens.flatMap((id) => new Array<number>(headDim).fill(id + 100 * index + 1000 * head)),
      );
    }
  }
  if (kind.fixed) expect([...dataOf(feeds[STATE.past]!)]).toEqual(new Array(3).fill(tokens.at(-1)));
}

const MEMBERS = [0, 1, 2];
/** Mostly the same, so that they stay together. */
const GROUPS: readonly (readonly number[])[] = [MEMBERS, MEMBERS, MEMBERS, [0, 1], [1, 2]];
/** More than a cache in place has room for at first. */
const CONTEXT = 600;
const action = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant("together" as const), who: fc.constantFrom(...GROUPS) }),
  },
  fc.record({
    does: fc.constantFrom("alone", "new", "look", "reserve", "back", "back"),
    who: fc.constantFrom(...MEMBERS),
    many: fc.nat({ max: 4 }),
  }),
);

describe.each<Kind>([
  { inPlace: false, padsBehind: false, fixed: false },
  { inPlace: false, padsBehind: true, fixed: true },
  { inPlace: true, padsBehind: true, fixed: false },
  { inPlace: true, padsBehind: true, fixed: true },
])("caches (in place: $inPlace, padded behind: $padsBehind, with state: $fixed)", (kind) => {
  it("hold their tokens wherever they lie", async () => {
    const ort = await nodeOrt();
    const make = makerOf(ort, kind);
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 20, size: "max" }), async (actions) => {
        const all: Known[] = MEMBERS.map(() => ({ cache: make(), tokens: [] }));
        let next = 1;
        const alone = async (known: Known): Promise<void> => {
          const { cache, tokens } = known;
          await cache.reserve(tokens.length + 1);
          await cache.separate();
          const id = next++;
          cache.advance(run(ort, cache.feeds(), [tokens.length], [id], kind), 1);
          known.tokens = [...tokens, id];
        };
        for (const [index, known] of all.entries()) for (let count = 0; count < 3 * index; count++) await alone(known);
        for (const each of actions) {
          if (each.does === "together") {
            const members = each.who.map((index) => all[index]!).filter(({ tokens }) => tokens.length > 0);
            if (members.length === 0) continue;
            const batch = await CacheBatch.of(members.map(({ cache }) => cache));
            const ids = members.map(() => next++);
            expect(batch.lengths).toEqual(members.map(({ tokens }) => tokens.length));
            batch.advance(run(ort, batch.feeds(), batch.lengths, ids, kind));
            batch.release();
            for (const [row, known] of members.entries()) known.tokens = [...known.tokens, ids[row]!];
            continue;
          }
          const known = all[each.who]!;
          if (each.does === "alone") for (let count = 0; count <= 60 * each.many; count++) await alone(known);
          else if (each.does === "look") await check(known, kind);
          else if (each.does === "reserve") await known.cache.reserve(known.tokens.length + 50 * each.many);
          else if (each.does === "new") {
            known.cache.dispose();
            all[each.who] = { cache: make(), tokens: [] };
          } else {
            const length = Math.max(0, known.tokens.length - each.many);
            known.cache.truncate(length);
            const stays = each.many === 0 || known.cache.canGoBack;
            known.tokens = stays ? known.tokens.slice(0, length) : [];
          }
        }
        for (const known of all) await check(known, kind);
        // Nobody keeps the memory of a row that nobody uses.
        const bytes = all.reduce((sum, { cache }) => sum + cache.bytes, 0);
        const room = (tokens: number): number => (kind.inPlace ? CONTEXT : tokens);
        const most = all.reduce((sum, { tokens }) => sum + room(tokens.length) * 32 + 12, 0);
        expect(bytes).toBeLessThanOrEqual(most);
        for (const { cache } of all) cache.dispose();
      }),
      { numRuns: 200 },
    );
  });
});
