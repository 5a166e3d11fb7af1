import { describe, expect, test } from "vitest";
import { ProtobufMessage as Message } from "../../onnx";
import { readDecoder } from "./decoder";
import { integers, node, port, tensor } from "./testing/hostile-graph";

const WIDTH = 1024;
const MATRIX_BYTES = 4 * WIDTH * WIDTH;
// Each layer also has one axis of 8 bytes.

/** A weight in a file. Its place may be that of another one. */
function external(name: string, dims: readonly number[], offset: number, length: number): Message {
  const message = tensor(name, dims, 1);
  for (const [key, value] of Object.entries({ location: "w.bin", offset: String(offset), length: String(length) }))
    message.bytes(13, new Message().bytes(1, key).bytes(2, value));
  return message.varint(14, 1);
}

/** A decoder with one layer between its keys and its values: steps, each from the value before it. */
function decoder(steps: readonly ((from: string, to: string) => Message)[], weights: readonly Message[]): Uint8Array {
  const graph = new Message();
  const axis = new Message().bytes(1, "axis").varint(3, 2).varint(20, 2);
  const head = 4 * MATRIX_BYTES;
  const value = (at: number): string => (at === 0 ? "x0" : at === steps.length ? "x1" : `v${at}`);
  const remember = (from: string, name: string): void => {
    graph.bytes(1, node("Unsqueeze", [from, "one"], [`${name}.new`]));
    const [past, present] = [`past_key_values.0.${name}`, `present.0.${name}`];
    graph.bytes(1, node("Concat", [past, `${name}.new`], [present], { attributes: [axis] }));
    graph.bytes(11, port(past, 1, ["b", 1, "p", WIDTH])).bytes(12, port(present, 1, ["b", 1, "t", WIDTH]));
  };
  graph.bytes(2, "g").bytes(5, integers("one", [1]));
  graph
    .bytes(1, node("Gather", ["table", "input_ids"], ["x0"]))
    .bytes(5, external("table", [8, WIDTH], head, 32 * WIDTH));
  for (const weight of weights) graph.bytes(5, weight);
  remember("x0", "key");
  steps.forEach((step, at) => graph.bytes(1, step(value(at), value(at + 1))));
  remember("x1", "value");
  graph.bytes(1, node("MatMul", ["x1", "head"], ["logits"])).bytes(5, external("head", [WIDTH, 8], head, 32 * WIDTH));
  for (const name of ["x0", "x1"]) graph.bytes(13, port(name, 1, ["b", "s", WIDTH]));
  graph.bytes(11, port("input_ids", 7, ["b", "s"])).bytes(12, port("logits", 1, ["b", "s", 8]));
  const opset = new Message().bytes(1, "").varint(2, 13);
  return new Message().varint(1, 8).bytes(8, opset).bytes(7, graph).build();
}

const times = (weight: string) => (from: string, to: string) => node("MatMul", [from, weight], [to]);
const matrix = (name: string, at: number): Message => external(name, [WIDTH, WIDTH], at * MATRIX_BYTES, MATRIX_BYTES);

describe("a graph from another member", () => {
  test("may use each of its weights", () => {
    const bytes = decoder([times("a"), times("b")], [matrix("a", 0), matrix("b", 1)]);
    expect(readDecoder(bytes, { trusted: false }).layerBytes).toEqual([2 * MATRIX_BYTES + 8]);
  });

  test("counts a weight by each of its names", () => {
    const names = ["a", "b", "c"];
    const bytes = decoder(
      names.map(times),
      names.map((name) => matrix(name, 0)),
    );
    expect(readDecoder(bytes, { trusted: false }).layerBytes).toEqual([3 * MATRIX_BYTES + 8]);
  });

  test("may not use the same bytes many times, by one name or by many", () => {
    const names = Array.from({ length: 24 }, (_, at) => `w${at}`);
    const aliases = decoder(
      names.map(times),
      names.map((name) => matrix(name, 0)),
    );
    const repeated = decoder(
      Array.from({ length: 24 }, () => times("a")),
      [matrix("a", 0)],
    );
    for (const bytes of [aliases, repeated]) {
      expect(() => readDecoder(bytes, { trusted: false })).toThrow(/layer 1 uses its weights 24 times/);
      expect(() => readDecoder(bytes)).not.toThrow();
    }
  });

  test("may not multiply values without weights again and again", () => {
    const bytes = decoder(
      Array.from({ length: 300 }, () => times("x0")),
      [],
    );
    expect(() => readDecoder(bytes, { trusted: false })).toThrow(/layer 1 has \d+ products without weights/);
  });
});
