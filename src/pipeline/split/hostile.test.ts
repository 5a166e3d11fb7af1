/** Graph files from anybody: damaged or made up, they end in an error with a reason, and soon. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MicrogridError } from "../../core";
import { randomDecoder } from "../../inference/testing";
import { OnnxWriter } from "../../inference/testing/onnx-writer";
import { extractStage, readDecoder } from ".";
import { splitAt } from "./testing/run-model";

const MODELS = [
  randomDecoder({ externalFiles: ["a.bin"], described: true }).model,
  randomDecoder({ attention: "primitive", norms: "spelled", layers: 2, names: "nothing", positions: "rotary" }).model,
  randomDecoder({ chosenTables: "inside", convolutions: [1], norms: "plain", layers: 2 }).model,
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

describe("damaged graphs", { timeout: 60_000 }, () => {
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
    expect(() => readDecoder(model)).toThrow(expect.objectContaining({ code: "unsupported-model" }));
    expect(() => readDecoder(model)).toThrow(/larger than that of any known model/);
  });
});
