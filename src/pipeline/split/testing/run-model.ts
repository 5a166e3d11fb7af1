/** Runs whole decoders and chains of their stages in Node, and gives every logit. For tests; never bundled. */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { nodeOrt } from "../../../inference/testing/node";
import {
  type DecoderGraph,
  extractStage,
  readDecoder,
  type StageFeed,
  type StageFile,
  type StageRange,
  type StateSpec,
} from "..";

type Ort = Awaited<ReturnType<typeof nodeOrt>>;

/** A model as its files. */
export interface ModelFiles {
  readonly model: Uint8Array;
  readonly external: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/** Tokens in, logits of each of them out; remembers the state between calls. */
export interface Runnable {
  run(ids: readonly number[]): Promise<Float32Array>;
  /** Goes back to the first `length` tokens. */
  truncate(length: number): void;
  release(): Promise<void>;
}

/** Compares the bytes of logits, because comparing half a million numbers with `toEqual` takes longer than computing them. */
export function sameBits(got: readonly Float32Array[], expected: readonly Float32Array[]): boolean {
  const bytesOf = (row: Float32Array): Buffer => Buffer.from(row.buffer, row.byteOffset, row.byteLength);
  return got.length === expected.length && got.every((row, at) => bytesOf(row).equals(bytesOf(expected[at]!)));
}

/** The ranges of a split after the given layers: the first has the embedding, the last the head. */
export function splitAt(layers: number, borders: readonly number[]): StageRange[] {
  const ends = [...borders, layers];
  return ends.map((to, index) => ({
    embed: index === 0,
    from: borders[index - 1] ?? 0,
    to,
    head: index === ends.length - 1,
  }));
}

/** The weights of a stage, as fetching its pieces and nothing else would give them. */
export function stageWeights(stage: StageFile, external: ModelFiles["external"]): { path: string; data: Uint8Array }[] {
  const files = new Map(stage.files.map(({ name, bytes }) => [name, new Uint8Array(bytes)]));
  for (const { location, offset, length, file, at } of stage.pieces) {
    const source = external.find(({ name }) => name === location);
    const content = source?.bytes.subarray(offset, offset + length);
    if (content?.length !== length) throw new Error(`piece past the end of ${location}`);
    files.get(file)?.set(content, at);
  }
  return [...files].map(([path, data]) => ({ path, data }));
}

/** The whole model in one session. */
export async function loadWhole({ model, external }: ModelFiles): Promise<Runnable> {
  const decoder = readDecoder(model);
  const whole = extractStage(decoder, { embed: true, from: 0, to: decoder.layers, head: true });
  const ort = await nodeOrt();
  const files = external.map(({ name, bytes }) => ({ path: name, data: bytes }));
  const link = await loadSession(ort, whole, model, files);
  // The graph and the weights are the model's own; it may have inputs that it does nothing with.
  const idle = link.session.inputNames.flatMap((name): StageFeed[] => {
    if (whole.feeds.some((feed) => feed.name === name) || (name !== "attention_mask" && name !== "position_ids"))
      return [];
    return [{ name, dtype: "int64", shape: [], kind: name === "position_ids" ? "position-ids" : "attention-mask" }];
  });
  return new Chain(ort, [{ ...link, stage: { ...whole, feeds: [...whole.feeds, ...idle] } }]);
}

/** Stages by range and options, for splits that have some in common. */
export type StageCache = Map<string, Promise<Link>>;

/** The model as stages. With a cache, its sessions stay loaded until `releaseAll`. */
export async function loadStages(
  { external }: ModelFiles,
  decoder: DecoderGraph,
  ranges: readonly StageRange[],
  options: { maxFileBytes?: number; cache?: StageCache } = {},
): Promise<Runnable> {
  const ort = await nodeOrt();
  const load = (range: StageRange): Promise<Link> => {
    const stage = extractStage(decoder, range, options);
    return loadSession(ort, stage, stage.graphBytes, stageWeights(stage, external));
  };
  const links: Link[] = [];
  for (const range of ranges) {
    const key = JSON.stringify(range);
    const link = options.cache?.get(key) ?? load(range);
    options.cache?.set(key, link);
    const { stage, session } = await link;
    links.push({ stage, session, states: emptyStates(ort, stage) });
  }
  return new Chain(ort, links);
}

/** Frees what a cache holds. */
export async function releaseAll(cache: StageCache): Promise<void> {
  for (const link of cache.values()) await (await link).session.release();
}

interface Link {
  readonly stage: StageFile;
  readonly session: InferenceSession;
  readonly states: Map<string, Tensor>;
}

async function loadSession(
  ort: Ort,
  stage: StageFile,
  graph: Uint8Array,
  externalData: { path: string; data: Uint8Array }[],
): Promise<Link> {
  const session = await ort.InferenceSession.create(graph, { executionProviders: ["wasm"], externalData });
  return { stage, session, states: emptyStates(ort, stage) };
}

function emptyStates(ort: Ort, { states }: StageFile): Map<string, Tensor> {
  return new Map(states.map((state) => [state.name, emptyState(ort, state)]));
}

function emptyState(ort: Ort, { dtype, shape, tokenAxis }: StateSpec): Tensor {
  const dims = shape.map((dim, axis) => (axis === tokenAxis ? 0 : typeof dim === "number" ? dim : 1));
  const size = dims.reduce((product, dim) => product * dim, 1);
  return dtype === "float16"
    ? new ort.Tensor("float16", new Uint16Array(size), dims)
    : new ort.Tensor("float32", new Float32Array(size), dims);
}

class Chain implements Runnable {
  readonly #ort: Ort;
  readonly #links: readonly Link[];
  #length = 0;

  constructor(ort: Ort, links: readonly Link[]) {
    this.#ort = ort;
    this.#links = links;
  }

  async run(ids: readonly number[]): Promise<Float32Array> {
    let hidden: Readonly<Record<string, Tensor>> = {};
    for (const { stage, session, states } of this.#links) {
      const feeds: Record<string, Tensor> = { ...this.#feeds(stage, ids), ...Object.fromEntries(states) };
      for (const name of stage.taken) feeds[name] = present(hidden[name], name);
      const outputs = await session.run(feeds);
      for (const { name, output } of stage.states) states.set(name, present(outputs[output], output));
      const sent = stage.outputs.map(({ name }) => [name, present(outputs[name] ?? hidden[name], name)] as const);
      hidden = stage.logits ? outputs : Object.fromEntries(sent);
    }
    this.#length += ids.length;
    const { data } = present(hidden.logits, "logits");
    // Half floats as they are: what is compared is bits.
    return data instanceof Float32Array ? data : Float32Array.from(data as Uint16Array);
  }

  truncate(length: number): void {
    this.#length = length;
    for (const { stage, states } of this.#links) {
      for (const { name, tokenAxis } of stage.states) {
        const tensor = present(states.get(name), name);
        if (tokenAxis !== 2) throw new Error(`${name} cannot be truncated`);
        states.set(name, truncated(this.#ort, tensor, length));
      }
    }
  }

  async release(): Promise<void> {
    for (const { session } of this.#links) await session.release();
  }

  #feeds(stage: StageFile, ids: readonly number[]): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = {};
    for (const { name, kind, dtype, shape, dims } of stage.feeds) {
      const [values, size] = ((): [readonly number[], number[]] => {
        switch (kind) {
          case "token-ids":
            return [ids, [1, ids.length]];
          case "token-zeros":
            return [ids.map(() => 0), [1, ids.length]];
          case "attention-mask": {
            const total = this.#length + ids.length;
            return [new Array<number>(total).fill(1), [1, total]];
          }
          case "position-ids": {
            const rows = shape.length === 3 ? [3] : [];
            const values = rows.length > 0 ? [...ids, ...ids, ...ids] : ids;
            return [values.map((_, index) => this.#length + (index % ids.length)), [...rows, 1, ids.length]];
          }
          case "logits-to-keep":
            return [[ids.length], shape.map(() => 1)];
          case "past-shape":
            return [
              (dims ?? []).map((dim, axis) => (typeof dim === "number" ? dim : axis === 0 ? 1 : this.#length)),
              [dims?.length ?? 0],
            ];
        }
      })();
      feeds[name] =
        dtype === "int32"
          ? new this.#ort.Tensor("int32", Int32Array.from(values), size)
          : new this.#ort.Tensor("int64", BigInt64Array.from(values, BigInt), size);
    }
    return feeds;
  }
}

function present(tensor: Tensor | undefined, name: string): Tensor {
  if (!tensor) throw new Error(`there is no “${name}”`);
  return tensor;
}

function truncated(ort: Ort, tensor: Tensor, length: number): Tensor {
  const [batch = 1, heads = 1, tokens = 0, width = 0] = tensor.dims;
  const source = tensor.data as Float32Array | Uint16Array;
  const row = (head: number) => source.subarray(head * tokens * width, (head * tokens + length) * width);
  const dims = [batch, heads, length, width];
  const rows = Array.from({ length: heads }, (_, head) => [...row(head)]).flat();
  return source instanceof Float32Array
    ? new ort.Tensor("float32", Float32Array.from(rows), dims)
    : new ort.Tensor("float16", Uint16Array.from(rows), dims);
}
