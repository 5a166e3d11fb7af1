/** Graph files from anybody: damaged or made up, they end in an error with a reason, and soon. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MicrogridError } from "../../core";
import { randomDecoder } from "../../inference/testing";
import { ProtobufMessage as Message } from "../../onnx";
import { OnnxWriter } from "../../inference/testing/onnx-writer";
import { extractStage, readDecoder } from ".";
import { constant, hostileGraph, integers, node, port, tensor } from "./testing/hostile-graph";
import { splitAt } from "./testing/run-model";

const MODELS = [
  randomDecoder({ externalFiles: ["a.bin"], described: true }).model,
  randomDecoder({ attention: "primitive", norms: "spelled", layers: 2, names: "nothing", positions: "rotary" }).model,
  randomDecoder({ chosenTables: "inside", mixers: { 1: "mamba" }, norms: "plain", layers: 2 }).model,
];

/** Reads and splits; only errors of our own come through. */
function survives(bytes: Uint8Array): boolean {
  try {
    const decoder = readDecoder(bytes);
    for (const range of splitAt(
      decoder.layers,
      Array.from({ length: decoder.layers + 1 }, (_, index) => index),
    )) {
      extractStage(decoder, range);
    }
    return true;
  } catch (error) {
    if (!(error instanceof MicrogridError)) throw error;
    expect(["unsupported-model", "file-corrupt", "not-a-model"]).toContain(error.code);
    return false;
  }
}

describe("damaged graphs", () => {
  it("that end early are refused", () => {
    fc.assert(
      fc.property(fc.constantFrom(...MODELS), fc.double({ min: 0, max: 0.9999, noNaN: true }), (model, share) => {
        expect(survives(model.subarray(0, Math.floor(model.length * share)))).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  it("with changed bytes are split or refused", () => {
    let refused = 0;
    const change = fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(255));
    fc.assert(
      fc.property(fc.constantFrom(...MODELS), fc.array(change, { minLength: 1, maxLength: 6 }), (model, changes) => {
        const bytes = model.slice();
        for (const [place, value] of changes) bytes[Math.floor(place * bytes.length)] = value;
        if (!survives(bytes)) refused++;
      }),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(0);
  });

  it("of any bytes are refused", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => !survives(bytes)));
  });

  it.each(["../secret", "/etc/passwd", "C:\\x", "http://host/x", "a/../../b", ".hidden", "a?b", ""])(
    "that look for weights at %s are refused",
    (location) => {
      expect(survives(randomDecoder({ externalFiles: [location] }).model)).toBe(false);
    },
  );

  it("that would take too long are refused", () => {
    const writer = new OnnxWriter();
    const cache = (name: string) => ({ name, type: "float32", shape: ["b", 1, `${name}.tokens`, 8] }) as const;
    writer.input({ name: "input_ids", type: "int64", shape: ["b", "s"] });
    let x = writer.node("Cast", ["input_ids"], { attributes: { to: 1 } });
    for (let layer = 0; layer < 9000; layer++) {
      writer.input(cache(`past.${layer}.key`));
      writer.output(cache(`present.${layer}.key`));
      x = writer.node("Concat", [`past.${layer}.key`, x], {
        outputs: [`present.${layer}.key`],
        attributes: { axis: 2 },
      });
    }
    writer.node("Identity", [x], { outputs: ["logits"] });
    writer.output({ name: "logits", type: "float32", shape: ["b", "s", 8] });
    const { model } = writer.build();
    expect(() => readDecoder(model)).toThrow(
      expect.objectContaining({
        code: "unsupported-model",
        message: expect.stringContaining("larger than that of any known model") as string,
      }),
    );
  });
});

describe("graphs that promise too much", () => {
  const refused = (bytes: Uint8Array, code: string, text: string): void => {
    expect(() => readDecoder(bytes)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(text) as string }),
    );
  };
  const state = port("past.0.key", 1, ["b", 1, "p", 4]);

  it("are otherwise ordinary graphs", () => {
    expect(readDecoder(hostileGraph({ layers: 3, shared: 10, weight: [4, 4] }))).toMatchObject({
      layers: 3,
      layerBytes: [64, 64, 64],
      kvBytesPerToken: [16, 16, 16],
    });
  });

  it("are refused if they name an input or an output twice, however often", () => {
    const again = (field: number) => (graph: Message) => {
      for (let count = 0; count < 40_000; count++) graph.bytes(field, state);
    };
    refused(hostileGraph({ graph: again(11) }), "file-corrupt", "two of the input “past.0.key”");
    refused(
      hostileGraph({ graph: (graph) => graph.bytes(12, port("logits", 1, [])) }),
      "file-corrupt",
      "two of the output",
    );
  });

  it("are refused if one layer has many states", () => {
    const states = (graph: Message): void => {
      for (let count = 0; count < 16; count++) {
        const name = "x".repeat(count + 1);
        graph.bytes(11, port(`past_${name}.0`, 1, ["b", 4])).bytes(12, port(`present_${name}.0`, 1, ["b", 4]));
        graph.bytes(1, node("Identity", [`past_${name}.0`], [`present_${name}.0`]));
      }
    };
    refused(hostileGraph({ graph: states }), "unsupported-model", "more than 16 states");
  });

  it("are refused if all layers share very many nodes", () => {
    refused(hostileGraph({ layers: 300, shared: 20_000 }), "unsupported-model", "larger than that of any known model");
  });

  it("are refused if they have very many ports, names of inputs, or entries", () => {
    const empty = new Uint8Array(2 ** 23).map((_, at) => (at % 2 === 0 ? 10 : 0));
    const names = new Message().bytes(4, "Concat").raw(empty);
    refused(hostileGraph({ graph: (graph) => graph.bytes(1, names) }), "unsupported-model", "entries");
    const inputs = node(
      "Concat",
      Array.from({ length: 70_000 }, () => "x0"),
      ["y"],
    );
    const wide = hostileGraph({ layers: 1000, graph: (graph) => graph.bytes(1, inputs) });
    refused(wide, "unsupported-model", "larger than that of any known model");
  });

  it("are split even if their lists are longer than the arguments of a call may be", () => {
    const inputs = Array.from({ length: 150_000 }, () => "x1");
    const outputs = Array.from({ length: 150_000 }, (_, count) => `y${count}`);
    const bytes = hostileGraph({
      graph: (graph) => {
        graph.bytes(1, node("Sum", inputs, ["present_sum.0", ...outputs]));
        for (const name of outputs) graph.bytes(13, new Message().bytes(1, name));
        graph.bytes(11, port("past_sum.0", 1, ["b", 4])).bytes(12, port("present_sum.0", 1, ["b", 4]));
        graph.bytes(1, node("Identity", ["past_sum.0"], ["unused"]));
      },
      model: (model) => {
        for (let count = 0; count < 150_000; count++) model.varint(99, 1);
      },
    });
    expect(survives(bytes)).toBe(true);
  });

  // Reading the constant again for each operator would take minutes.
  it("are read once if many operators use the same value", () => {
    const shape = new Message();
    for (let count = 0; count < 200_000; count++) shape.varint(20, 1);
    shape.raw(integers("shape", [0, -1]).build());
    const bytes = hostileGraph({
      graph: (graph) => {
        graph.bytes(5, shape);
        for (let count = 0; count < 5000; count++) graph.bytes(1, node("Reshape", ["x0", "shape"], [`y${count}`]));
      },
    });
    expect(readDecoder(bytes).layers).toBe(1);
  });

  // Each shape is longer than the one before.
  it("are read even if shapes would grow forever", () => {
    const bytes = hostileGraph({
      graph: (graph) => {
        graph.bytes(5, constant("many", new Array<number>(16).fill(1), new Uint8Array(8), 7));
        let last = "x0";
        for (let count = 0; count < 15_000; count++) {
          graph.bytes(1, node("Gather", [last, "many"], [`y${count}`]));
          last = `y${count}`;
        }
      },
    });
    expect(readDecoder(bytes).layers).toBe(1);
  });

  it("are refused for endless names and shapes", () => {
    const long = "n".repeat(5000);
    refused(
      hostileGraph({ graph: (graph) => graph.bytes(1, node("Identity", ["x0"], [long])) }),
      "file-corrupt",
      "names",
    );
    refused(hostileGraph({ state: ["b", 1, long, 4] }), "file-corrupt", "names");
    const ones = new Array<number>(17).fill(1);
    refused(hostileGraph({ weight: ones }), "file-corrupt", "dimensions");
    refused(hostileGraph({ state: ones }), "file-corrupt", "dimensions");
    const packed = tensor("w", [], 1).bytes(1, new Uint8Array(1000).fill(1));
    refused(hostileGraph({ graph: (graph) => graph.bytes(5, packed) }), "file-corrupt", "dimensions");
  });

  it.each([
    ["weights of 4 PiB", { weight: [2 ** 25, 2 ** 25] }, "unsupported-model", "tebibyte"],
    ["several that together are too large", { layers: 5, weight: [2 ** 18, 2 ** 18] }, "unsupported-model", "tebibyte"],
    ["more elements than can be counted", { weight: [2 ** 40, 2 ** 40] }, "file-corrupt", "counted"],
    ["no elements, of a huge size", { weight: [0, 2 ** 60] }, "file-corrupt", "counted"],
    ["state of a tebibyte for each token", { state: ["b", 2 ** 20, "p", 2 ** 20] }, "unsupported-model", "too large"],
    ["state of no size at all", { state: ["b", 2 ** 53, "p", 4] }, "unsupported-model", "not known"],
    ["state of fixed size, that is too large", { state: ["b", 2 ** 40] }, "unsupported-model", "too large"],
    ["a hidden state of a tebibyte", { width: 2 ** 40 }, "unsupported-model", "too large"],
  ] as const)("are refused for %s", (_, options, code, text) => {
    refused(hostileGraph(options), code, text);
  });

  it.each([
    ["fewer bytes", constant("w", [2 ** 20], new Uint8Array(4))],
    ["more bytes", constant("w", [1], new Uint8Array(8))],
    ["no bytes", tensor("w", [2 ** 28], 1)],
    ["fewer integers", tensor("w", [2 ** 28], 7).varint(7, 1)],
  ])("are refused where a weight that stands in them has %s than it should", (_, weight) => {
    refused(hostileGraph({ graph: (graph) => graph.bytes(5, weight) }), "file-corrupt", "“w” should have");
  });

  it("are refused if an operator holds a sparse tensor, which the engine makes dense", () => {
    const sparse = new Message().bytes(1, "sparse_value").bytes(22, new Message());
    const bytes = hostileGraph({
      graph: (graph) => graph.bytes(1, node("Constant", [], ["y"], { attributes: [sparse] })),
    });
    refused(bytes, "unsupported-model", "sparse");
  });
});
