/** The tables of rotary positions in random decoders. For tests; never bundled. */
import type { DecoderBlocks } from "./decoder-blocks";
import { FIXTURE } from "./decoder-sizes";

/** Cosines and sines of all positions; where the shape says so, other ones for texts of more than ten tokens (`total`). */
export function rotaryTables(blocks: DecoderBlocks, total: string): readonly [cos: string, sin: string] {
  const half = FIXTURE.headDim / 2;
  const values = (fn: (angle: number) => number, stretch: number): Float32Array =>
    Float32Array.from({ length: FIXTURE.maxTokens * half }, (_, index) =>
      fn(Math.floor(index / half) / stretch / 10000 ** ((index % half) / half)),
    );
  const table = (name: string, fn: (angle: number) => number, stretch: number): string =>
    blocks.writer.weight([FIXTURE.maxTokens, half], values(fn, stretch), {
      half: blocks.half,
      name: blocks.weightName(name),
    });
  const short = [table("cos_cache", Math.cos, 1), table("sin_cache", Math.sin, 1)] as const;
  if (!blocks.shape.chosenTables) return short;
  const long = [table("cos_cache_long", Math.cos, 4), table("sin_cache_long", Math.sin, 4)] as const;
  const path = "/model/rotemb_caches_subgraph";
  const isLong = blocks.op(`${path}/Greater`, "Greater", [total, blocks.integers([10], { scalar: true })]);
  const branch = (tables: readonly [string, string], kind: string, stretch: number) => {
    const inside = blocks.shape.chosenTables === "inside";
    const inner = blocks.writer.inner(blocks.shape.flaw === "inner-files" ? [`${kind}.bin`] : []);
    for (const [index, name] of tables.entries()) {
      const own = `${path}/${kind}/table_${index}`;
      if (inside)
        inner.weight([FIXTURE.maxTokens, half], values(index === 0 ? Math.cos : Math.sin, stretch), {
          name: own,
          half: blocks.half,
        });
      const output = inner.node("Identity", [inside ? own : name], { outputs: [`${path}/${kind}/${index}`] });
      inner.output({ name: output, type: blocks.type, shape: [FIXTURE.maxTokens, half] });
    }
    return { graph: inner };
  };
  const outputs = [`${path}/cos`, `${path}/sin`] as const;
  blocks.op(`${path}/If`, "If", [isLong], {
    outputs,
    attributes: { then_branch: branch(long, "long", 4), else_branch: branch(short, "short", 1) },
  });
  return outputs;
}
