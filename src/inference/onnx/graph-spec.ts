/** Describes the inputs and outputs of a decoder graph. Only the graph is needed, no weights and no session. */
import { MicrogridError } from "../../core";
import { elementName, type ElementType, type Graph, type GraphNode, type GraphPort, smallIntegers } from "../../onnx";
import type { StagePart } from "../stages";
import type { Backend } from "../types";
import { type FloatType, floatBytes } from "./floats";
import { readStateName } from "./state-names";

export type IntegerType = "int64" | "int32";

/** Keys or values of one layer: the names of their input and output, and their shape `[1, heads, tokens, headDim]`. */
export interface CacheSlot {
  readonly past: string;
  readonly present: string;
  readonly type: FloatType;
  readonly heads: number;
  readonly headDim: number;
}

/** State of fixed size of one layer, such as that of a convolution: the names of its input and output, and its shape. */
export interface FixedSlot {
  readonly past: string;
  readonly present: string;
  readonly type: FloatType;
  readonly dims: readonly number[];
}

export interface GraphSpec {
  /** Undefined if a stage takes no ids. A stage that only looks at their number gets zeros. */
  readonly ids: IntegerType | undefined;
  /** Hidden states that enter and leave a stage; a whole model has none. */
  readonly hidden: Pick<StagePart, "takes" | "passes" | "gives">;
  /** Shape of one token in each hidden state that enters, by its name: one row of numbers, or several. */
  readonly rows: ReadonlyMap<string, readonly number[]>;
  readonly mask: IntegerType | undefined;
  /** Says which of two texts a token belongs to. Only models that make embeddings have it, and they get one text. */
  readonly tokenTypes: IntegerType | undefined;
  /** How often each position is given: 1 for `[1, tokens]`, 3 for `[3, 1, tokens]` (time, height and width of an image). */
  readonly positions: { readonly type: IntegerType; readonly axes: number; readonly rank: number } | undefined;
  /** Input that limits the logits to the last tokens, where the graph has one. */
  readonly logitsToKeep: { readonly name: string; readonly type: IntegerType; readonly rank: number } | undefined;
  /** Undefined in a stage without the head. */
  readonly logits: { readonly type: FloatType } | undefined;
  readonly slots: readonly CacheSlot[];
  /** State that each run replaces. With any of it, a sequence cannot go back to an earlier token. */
  readonly fixed: readonly FixedSlot[];
  /** Whether the graph rounds activations while it runs, with one scale for all tokens of a run. */
  readonly rounds: boolean;
  /**
   * Whether one run may be tried with the next tokens of several sequences: no input fixes their number, a mask tells their
   * lengths, and none is rounded with a scale that depends on the others. The GPU's builds of the runtime end at shapes that do not fit, where the CPU's reports an error, so they get only
   * attention that checks its inputs, in graphs that make no shape for one sequence.
   */
  readonly batches: Readonly<Record<Backend, boolean>>;
  /** True if only grouped-query attention uses the caches, since it can write to the buffer that it reads. */
  readonly inPlacePossible: boolean;
  /** Bytes of keys and values of one token, all layers. */
  readonly bytesPerToken: number;
  /** Bytes of the state of fixed size of one sequence. */
  readonly fixedBytes: number;
}

/** Shapes from `config.json`, for graphs that leave them open. */
export interface CacheShape {
  readonly heads: number | undefined;
  readonly headDim: number | undefined;
}

const TOKEN_TYPES = "token_type_ids";
const INTEGERS: readonly string[] = ["int64", "int32"];
const FLOATS: readonly string[] = ["float32", "float16"];
/** Largest state of one layer, in numbers: more than any published model has. */
const MAX_FIXED_NUMBERS = 2 ** 28;

/** Operators that round activations while the model runs. */
const ROUNDING: readonly string[] = ["DynamicQuantizeLinear", "DynamicQuantizeMatMul"];

/** A graph that is a whole model. */
const WHOLE: StagePart = { takes: [], passes: [], gives: [], embeds: true, predicts: true };

/** A graph that makes embeddings: it ends with hidden states instead of logits. */
export const EMBEDS: StagePart = { ...WHOLE, predicts: false };

/** Reads the specification. Throws `unsupported-model` and names the input that this engine cannot feed. */
export function readGraphSpec(graph: Graph, shape: CacheShape, part: StagePart = WHOLE): GraphSpec {
  const constants = new Set(graph.initializers.map(({ name }) => name));
  const taken = new Set(part.takes.map(({ name }) => name));
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const slots: CacheSlot[] = [];
  const fixed: FixedSlot[] = [];
  const integers = new Map<string, IntegerInput>();
  const rows = new Map<string, readonly number[]>();
  for (const input of graph.inputs) {
    if (taken.has(input.name)) rows.set(input.name, rowOf(input));
    if (constants.has(input.name) || taken.has(input.name)) continue;
    const state = readStateName(input.name);
    if (!state) integers.set(input.name, integerInput(input));
    else if (state.grows) slots.push(cacheSlot(input, stateOutput(input.name, state.outputs, outputs), shape));
    else fixed.push(fixedSlot(input, stateOutput(input.name, state.outputs, outputs)));
  }
  const ids = integers.get("input_ids");
  if (part.embeds && !ids) throw unsupported("it does not take token ids (“input_ids”)");
  if (part === WHOLE && slots.length + fixed.length === 0)
    throw unsupported("it has no key-value cache (“past_key_values…”), so each token would cost the whole text");
  const tokenTypes = integers.get(TOKEN_TYPES);
  if (tokenTypes && part !== EMBEDS) throw strangeInput(TOKEN_TYPES);
  const keep = ["num_logits_to_keep", "logits_to_keep"].find((name) => integers.has(name));
  const keepInput = keep === undefined ? undefined : integers.get(keep);
  const positions = integers.get("position_ids");
  const inPlace = inPlacePossible(graph, slots);
  const isOpen = graph.inputs.every((input) => constants.has(input.name) || leavesBatchOpen(input));
  const tellsLengths = integers.has("attention_mask") || (part !== WHOLE && slots.length === 0);
  const rounds = graph.nodes.some(({ op }) => ROUNDING.includes(op));
  const batches = tellsLengths && isOpen && !rounds && fixed.every(isCopyable);
  return {
    ids: ids?.type,
    hidden: part,
    rows,
    mask: integers.get("attention_mask")?.type,
    tokenTypes: tokenTypes?.type,
    positions: positions && { ...positions, axes: positions.rank === 3 ? (positions.first ?? 3) : 1 },
    logitsToKeep: keep !== undefined && keepInput ? { name: keep, ...keepInput } : undefined,
    logits: part.predicts ? logitsOutput(graph) : undefined,
    slots,
    fixed,
    rounds,
    batches: { wasm: batches, webgpu: batches && inPlace && !graph.nodes.some((node) => fixesBatch(graph, node)) },
    inPlacePossible: inPlace,
    bytesPerToken: slots.reduce((sum, slot) => sum + slot.heads * slot.headDim * floatBytes(slot.type), 0),
    fixedBytes: fixed.reduce((sum, slot) => sum + numbersIn(slot.dims) * floatBytes(slot.type), 0),
  };
}

/** Whether an input leaves the number of sequences open. Where each position is given thrice, that comes first. */
function leavesBatchOpen({ name, shape }: GraphPort): boolean {
  if (!shape || shape.length < 2) return true;
  return typeof shape[name === "position_ids" && shape.length === 3 ? 1 : 0] !== "number";
}

/** Whether an operator makes a shape for one sequence, whatever it is given. */
function fixesBatch({ initializers }: Graph, { op, inputs }: GraphNode): boolean {
  if (op !== "Reshape" && op !== "Expand") return false;
  const shape = initializers.find(({ name }) => name === inputs[1]);
  const dims = shape && smallIntegers(shape);
  return dims?.[0] === 1 && dims.length > 2;
}

/** Whether rows can be copied on a GPU, which copies four bytes at a time. */
function isCopyable({ type, dims }: FixedSlot): boolean {
  return (numbersIn(dims) * floatBytes(type)) % 4 === 0;
}

function rowOf({ shape = [] }: GraphPort): readonly number[] {
  return shape.slice(2).filter((dim) => typeof dim === "number");
}

/** How many numbers a tensor of these dimensions has. */
export function numbersIn(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

function typeOf({ type }: GraphPort): ElementType | undefined {
  return elementName(type ?? 0);
}

function logitsOutput({ outputs }: Graph): NonNullable<GraphSpec["logits"]> {
  const logits = outputs.find((output) => output.name === "logits");
  const type = logits && typeOf(logits);
  if (type === undefined || !FLOATS.includes(type)) {
    throw unsupported("it has no output named “logits” of numbers, so it is not a text decoder");
  }
  return { type: type as FloatType };
}

interface IntegerInput {
  readonly type: IntegerType;
  readonly rank: number;
  /** Size of the first dimension, where the graph states it. */
  readonly first: number | undefined;
}

function integerInput(input: GraphPort): IntegerInput {
  const ranks: Record<string, readonly number[]> = {
    input_ids: [2],
    attention_mask: [2],
    [TOKEN_TYPES]: [2],
    position_ids: [2, 3],
    num_logits_to_keep: [0, 1],
    logits_to_keep: [0, 1],
  };
  const { name, shape } = input;
  const type = typeOf(input);
  const allowed = Object.hasOwn(ranks, name) ? ranks[name] : undefined;
  if (!allowed) throw strangeInput(name);
  if (type === undefined || !INTEGERS.includes(type) || !shape || !allowed.includes(shape.length)) {
    throw unsupported(`its input “${name}” has a type or shape that this engine does not know`);
  }
  const [first] = shape;
  return { type: type as IntegerType, rank: shape.length, first: typeof first === "number" ? first : undefined };
}

function stateOutput(past: string, candidates: readonly string[], outputs: ReadonlySet<string>): string {
  const present = candidates.find((name) => outputs.has(name));
  if (present === undefined) throw unsupported(`its state “${past}” has no output “${candidates[0]}”`);
  return present;
}

function stateType(input: GraphPort): FloatType {
  const type = typeOf(input);
  if (type !== undefined && FLOATS.includes(type)) return type as FloatType;
  throw unsupported(`its state “${input.name}” has numbers of type ${type ?? "unknown"}`);
}

function cacheSlot(input: GraphPort, present: string, shape: CacheShape): CacheSlot {
  const [, heads, , headDim] = input.shape ?? [];
  const slot = {
    past: input.name,
    present,
    type: stateType(input),
    heads: typeof heads === "number" && heads > 0 ? heads : shape.heads,
    headDim: typeof headDim === "number" && headDim > 0 ? headDim : shape.headDim,
  };
  if (input.shape?.length !== 4 || slot.heads === undefined || slot.headDim === undefined) {
    throw unsupported(`the shape of its cache “${input.name}” is not [batch, heads, tokens, head size]`);
  }
  return { ...slot, heads: slot.heads, headDim: slot.headDim };
}

function fixedSlot(input: GraphPort, present: string): FixedSlot {
  const [, ...sizes] = input.shape ?? [];
  const dims = [1, ...sizes.filter((dim) => typeof dim === "number")];
  const sound = sizes.length > 0 && dims.length === input.shape?.length && dims.every((dim) => dim > 0);
  if (!sound || !(numbersIn(dims) <= MAX_FIXED_NUMBERS)) {
    throw unsupported(`the size of its state “${input.name}” is not known`);
  }
  return { past: input.name, present, type: stateType(input), dims };
}

/**
 * Grouped-query attention takes the number of valid tokens as an input of its own, so its past may be a buffer with
 * room to spare, and the same one as its present. Any other reader of the past, also one in a graph inside of an operator,
 * would take the spare room for tokens.
 */
function inPlacePossible(graph: Graph, slots: readonly CacheSlot[]): boolean {
  const presentOf = new Map(slots.map((slot) => [slot.past, slot.present]));
  const bound = new Set<string>();
  for (const node of graph.nodes) {
    if (node.isTooDeep || node.captured.some((name) => presentOf.has(name))) return false;
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

function strangeInput(name: string): MicrogridError {
  return unsupported(`it asks for the input “${name}”, which this engine cannot give`);
}

function unsupported(why: string): MicrogridError {
  return new MicrogridError(
    "unsupported-model",
    `This model cannot run here: ${why}. Choose a text model exported with a key-value cache.`,
  );
}
