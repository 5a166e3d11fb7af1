/** Describes the inputs and outputs of a decoder graph, from its session's metadata and its file. */
import type { InferenceSession } from "onnxruntime-web";
import { MicrogridError } from "../../core";
import type { StagePart } from "../stages";
import type { Graph } from "../../onnx";
import { type FloatType, floatBytes } from "./floats";

export type IntegerType = "int64" | "int32";

/** Keys or values of one layer: the names of their input and output, and their shape `[1, heads, tokens, headDim]`. */
export interface CacheSlot {
  readonly past: string;
  readonly present: string;
  readonly type: FloatType;
  readonly heads: number;
  readonly headDim: number;
}

export interface GraphSpec {
  /** Undefined if a stage takes no ids. A stage that only looks at their number gets zeros. */
  readonly ids: IntegerType | undefined;
  /** Hidden states that enter and leave a stage; a whole model has none. */
  readonly hidden: Pick<StagePart, "takes" | "passes" | "gives">;
  readonly mask: IntegerType | undefined;
  readonly positions: IntegerType | undefined;
  /** Input that limits the logits to the last tokens, where the graph has one. */
  readonly logitsToKeep: { readonly name: string; readonly type: IntegerType; readonly rank: number } | undefined;
  /** Undefined in a stage without the head. */
  readonly logits: { readonly type: FloatType } | undefined;
  readonly slots: readonly CacheSlot[];
  /** True if only grouped-query attention uses the caches, since it can write to the buffer that it reads. */
  readonly inPlacePossible: boolean;
  /** Bytes of keys and values of one token, all layers. */
  readonly bytesPerToken: number;
}

/** Shapes from `config.json`, for graphs that leave them open. */
export interface CacheShape {
  readonly heads: number | undefined;
  readonly headDim: number | undefined;
}

const PAST = /^past(?:_key_values)?\.(\d+)\.(key|value)$/;
const INTEGERS: readonly string[] = ["int64", "int32"];
const FLOATS: readonly string[] = ["float32", "float16"];

/** A graph that is a whole model. */
const WHOLE: StagePart = { takes: [], passes: [], gives: [], embeds: true, predicts: true };

/** Reads the specification. Throws `unsupported-model` and names the input that this engine cannot feed. */
export function readGraphSpec(
  inputs: readonly InferenceSession.ValueMetadata[],
  outputs: readonly InferenceSession.ValueMetadata[],
  graph: Graph,
  shape: CacheShape,
  part: StagePart = WHOLE,
): GraphSpec {
  const taken = new Set(part.takes.map(({ name }) => name));
  const outputNames = new Set(outputs.map((output) => output.name));
  const slots: CacheSlot[] = [];
  const integers = new Map<string, { type: IntegerType; rank: number }>();
  for (const input of inputs) {
    const past = PAST.exec(input.name);
    if (past) slots.push(cacheSlot(input, `present.${past[1]}.${past[2]}`, outputNames, shape));
    else if (!taken.has(input.name)) integers.set(input.name, integerInput(input));
  }
  const ids = integers.get("input_ids");
  if (part.embeds && !ids) throw unsupported("it does not take token ids (“input_ids”)");
  if (part === WHOLE && slots.length === 0)
    throw unsupported("it has no key-value cache (“past_key_values…”), so each token would cost the whole text");
  const keep = ["num_logits_to_keep", "logits_to_keep"].find((name) => integers.has(name));
  const keepInput = keep === undefined ? undefined : integers.get(keep);
  return {
    ids: ids?.type,
    hidden: part,
    mask: integers.get("attention_mask")?.type,
    positions: integers.get("position_ids")?.type,
    logitsToKeep: keep !== undefined && keepInput ? { name: keep, ...keepInput } : undefined,
    logits: part.predicts ? logitsOutput(outputs) : undefined,
    slots,
    inPlacePossible: inPlacePossible(graph, slots),
    bytesPerToken: slots.reduce((sum, slot) => sum + slot.heads * slot.headDim * floatBytes(slot.type), 0),
  };
}

function logitsOutput(outputs: readonly InferenceSession.ValueMetadata[]): NonNullable<GraphSpec["logits"]> {
  const logits = outputs.find((output) => output.name === "logits");
  if (!logits?.isTensor || !FLOATS.includes(logits.type)) {
    throw unsupported("it has no output named “logits” of numbers, so it is not a text decoder");
  }
  return { type: logits.type as FloatType };
}

function integerInput(input: InferenceSession.ValueMetadata): { type: IntegerType; rank: number } {
  const ranks: Record<string, readonly number[]> = {
    input_ids: [2],
    attention_mask: [2],
    position_ids: [2],
    num_logits_to_keep: [0, 1],
    logits_to_keep: [0, 1],
  };
  const allowed = ranks[input.name];
  if (!allowed) throw unsupported(`it asks for the input “${input.name}”, which this engine cannot give`);
  if (!input.isTensor || !INTEGERS.includes(input.type) || !allowed.includes(input.shape.length)) {
    throw unsupported(`its input “${input.name}” has a type or shape that this engine does not know`);
  }
  return { type: input.type as IntegerType, rank: input.shape.length };
}

function cacheSlot(
  input: InferenceSession.ValueMetadata,
  present: string,
  outputs: ReadonlySet<string>,
  shape: CacheShape,
): CacheSlot {
  if (!input.isTensor || !FLOATS.includes(input.type)) {
    throw unsupported(`its cache “${input.name}” has numbers of type ${input.isTensor ? input.type : "unknown"}`);
  }
  if (!outputs.has(present)) throw unsupported(`its cache “${input.name}” has no output “${present}”`);
  const [, heads, , headDim] = input.shape;
  const slot = {
    past: input.name,
    present,
    type: input.type as FloatType,
    heads: typeof heads === "number" && heads > 0 ? heads : shape.heads,
    headDim: typeof headDim === "number" && headDim > 0 ? headDim : shape.headDim,
  };
  if (input.shape.length !== 4 || slot.heads === undefined || slot.headDim === undefined) {
    throw unsupported(`the shape of its cache “${input.name}” is not [batch, heads, tokens, head size]`);
  }
  return { ...slot, heads: slot.heads, headDim: slot.headDim };
}

/**
 * Grouped-query attention takes the number of valid tokens as an input of its own, so its past may be a buffer with
 * room to spare, and the same one as its present. Any other reader of the past would take the spare room for tokens.
 */
function inPlacePossible(graph: Graph, slots: readonly CacheSlot[]): boolean {
  if (graph.hasSubgraphs) return false;
  const presentOf = new Map(slots.map((slot) => [slot.past, slot.present]));
  const bound = new Set<string>();
  for (const node of graph.nodes) {
    for (const [index, name] of node.inputs.entries()) {
      const present = presentOf.get(name);
      if (present === undefined) continue;
      const isAttention = node.op === "GroupQueryAttention" && node.domain === "com.microsoft";
      if (!isAttention || (index !== 3 && index !== 4) || node.outputs[index - 2] !== present) return false;
      bound.add(name);
    }
  }
  return bound.size === slots.length;
}

function unsupported(why: string): MicrogridError {
  return new MicrogridError(
    "unsupported-model",
    `This model cannot run here: ${why}. Choose a text model exported with a key-value cache.`,
  );
}
