import { describe, expect, it } from "vitest";
import { readGraph } from "../../onnx";
import { type DecoderShape, randomDecoder } from "../testing";
import { OnnxWriter } from "../testing/onnx-writer";
import { readGraphSpec } from "./graph-spec";

const UNKNOWN = { heads: undefined, headDim: undefined };

function specOf(shape: DecoderShape, sizes: Parameters<typeof readGraphSpec>[1] = UNKNOWN) {
  return readGraphSpec(readGraph(randomDecoder(shape).model), sizes);
}

/** A graph with attention and an `If`, one branch of which looks at `captured`. */
function graphWithBranch(captured: string) {
  const writer = new OnnxWriter();
  const float = (name: string) => ({ name, type: "float32", shape: ["batch", 2, "tokens", 16] }) as const;
  writer.input({ name: "input_ids", type: "int64", shape: ["batch", "sequence"] });
  for (const kind of ["key", "value"]) {
    writer.input(float(`past_key_values.0.${kind}`));
    writer.output(float(`present.0.${kind}`));
  }
  const past = ["past_key_values.0.key", "past_key_values.0.value"];
  writer.node("GroupQueryAttention", ["q", "k", "v", ...past, "last", "total"], {
    outputs: ["mixed", "present.0.key", "present.0.value"],
    domain: "com.microsoft",
  });
  const branch = (): { graph: OnnxWriter } => {
    const inner = writer.inner();
    // Deep inside, since a cache may be read there as well.
    const deeper = writer.inner();
    deeper.output({ name: deeper.node("Identity", [captured]), type: "float32", shape: [] });
    const attributes = { then_branch: { graph: deeper }, else_branch: { graph: deeper } };
    inner.output({ name: inner.node("If", ["is_long"], { attributes }), type: "float32", shape: [] });
    return { graph: inner };
  };
  writer.node("If", ["is_long"], { attributes: { then_branch: branch(), else_branch: branch() } });
  writer.output({ name: "logits", type: "float32", shape: ["batch", "sequence", 8] });
  return readGraph(writer.build().model);
}

describe("readGraphSpec", () => {
  it("binds caches in place beside an If that does not look at them", () => {
    expect(specOf({ chosenTables: true }).inPlacePossible).toBe(true);
    expect(specOf({ chosenTables: "inside" }).inPlacePossible).toBe(true);
    expect(readGraphSpec(graphWithBranch("cos_long"), UNKNOWN).inPlacePossible).toBe(true);
    for (const kind of ["key", "value"]) {
      const graph = graphWithBranch(`past_key_values.0.${kind}`);
      expect(readGraphSpec(graph, UNKNOWN).inPlacePossible).toBe(false);
    }
  });

  it("takes the sizes of caches from the configuration where the graph leaves them open", () => {
    expect(specOf({ openHeadSize: true }, { heads: 2, headDim: 16 }).bytesPerToken).toBe(specOf({}).bytesPerToken);
    expect(() => specOf({ openHeadSize: true })).toThrow("past_key_values.0.key");
  });

  it("knows the state of hybrid models by all their names", () => {
    const { slots, fixed, fixedBytes, bytesPerToken } = specOf({ mixers: { 0: "convolution", 2: "mamba" } });
    expect(slots.map(({ past }) => past)).toEqual(["past_key_values.1.key", "past_key_values.1.value"]);
    expect(bytesPerToken).toBe(2 * 2 * 16 * 4);
    expect(fixed).toEqual([
      { past: "past_conv.0", present: "present_conv.0", type: "float32", dims: [1, 64, 4] },
      { past: "past_conv.2", present: "present_conv.2", type: "float32", dims: [1, 80, 4] },
      { past: "past_ssm.2", present: "present_ssm.2", type: "float32", dims: [1, 4, 16, 8] },
    ]);
    expect(fixedBytes).toBe((64 * 4 + 80 * 4 + 4 * 16 * 8) * 4);
    const delta = specOf({ mixers: { 0: "delta" }, stateNames: "genai" });
    expect(delta.fixed.map(({ past, present }) => [past, present])).toEqual([
      ["past_key_values.0.conv_state", "present.0.conv_state"],
      ["past_key_values.0.recurrent_state", "present.0.recurrent_state"],
    ]);
    expect(delta.inPlacePossible).toBe(true);
  });

  it("lets sequences run together where nothing is made for one", () => {
    const graph = ({ batch = "batch", dims = [0, 0, 2, 16] }: { batch?: string | number; dims?: number[] }) => {
      const writer = new OnnxWriter();
      writer.input({ name: "input_ids", type: "int64", shape: [batch, "sequence"] });
      writer.input({ name: "attention_mask", type: "int64", shape: ["batch", "total"] });
      for (const kind of ["key", "value"]) {
        const port = { type: "float32", shape: ["batch", 2, "tokens", 16] } as const;
        writer.input({ name: `past_key_values.0.${kind}`, ...port });
        writer.output({ name: `present.0.${kind}`, ...port });
      }
      const shaped = writer.node("Reshape", ["q", writer.integers(dims)]);
      const past = ["past_key_values.0.key", "past_key_values.0.value"];
      writer.node("GroupQueryAttention", [shaped, "k", "v", ...past, "last", "total"], {
        outputs: ["mixed", "present.0.key", "present.0.value"],
        domain: "com.microsoft",
      });
      writer.output({ name: "logits", type: "float32", shape: ["batch", "sequence", 8] });
      return readGraphSpec(readGraph(writer.build().model), UNKNOWN).batches;
    };
    expect(graph({})).toEqual({ wasm: true, webgpu: true });
    expect(graph({ dims: [1, -1, 2, 16] })).toEqual({ wasm: true, webgpu: false });
    expect(graph({ batch: 1 })).toEqual({ wasm: false, webgpu: false });
    expect(specOf({ attention: "primitive" }).batches).toEqual({ wasm: true, webgpu: false });
  });

  it("gives positions in as many rows as the graph asks for", () => {
    expect(specOf({ positionIds: true }).positions).toMatchObject({ axes: 1, rank: 2 });
    expect(specOf({ positionIds: "three" }).positions).toMatchObject({ axes: 3, rank: 3 });
  });

  it("refuses graphs with inputs that it cannot feed, by name", () => {
    expect(() => specOf({ flaw: "unknown-input" })).toThrow("pixel_values");
    expect(() => specOf({ flaw: "no-cache", attention: "primitive" })).toThrow("no key-value cache");
    expect(() => specOf({ pastName: "past_encoder" })).toThrow("past_encoder.0.key");
  });
});
