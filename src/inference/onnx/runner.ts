/** Runs one graph in memory, a whole decoder or a stage: feeds it the next tokens of a sequence and reads the results. */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { concat } from "../../core";
import type { HiddenSlot, HiddenState } from "../stages";
import { runInChunks } from "./chunks";
import type { GraphSpec } from "./graph-spec";
import { LogitReader, tensorBytes } from "./logit-reader";
import { OpenMasks, integerTensor, paddedMask } from "./integers";
import type { CacheBatch } from "./cache/batch";
import { type KvCache, floatTensor } from "./cache/kv-cache";
import type { Ort } from "./runtime";
import type { Step, StepResult, Wanted } from "./step";

/**
 * Runs a session. Every call must be made in a turn of the worker's run queue: two runs at once hang ONNX Runtime
 * on WebGPU.
 */
export class ModelRunner {
  readonly #ort: Ort;
  readonly #session: InferenceSession;
  readonly #spec: GraphSpec;
  readonly #rows: LogitReader;
  #masks: OpenMasks | undefined;
  #chunk = Infinity;

  /** `device` is ONNX Runtime's GPU device on `webgpu`, undefined on `wasm`. */
  constructor(ort: Ort, session: InferenceSession, spec: GraphSpec, device: GPUDevice | undefined) {
    this.#ort = ort;
    this.#session = session;
    this.#spec = spec;
    this.#rows = new LogitReader(spec.logits?.type ?? "float32", device);
  }

  /** Feeds tokens that follow those in the cache. */
  async feed(cache: KvCache, ids: readonly number[]): Promise<void> {
    await this.run(cache, { ids, count: ids.length }, { logits: 0, hidden: false });
  }

  /** Feeds tokens and gives the logits after each of the last `rows` of them, see `Decoder.predict`. */
  async predict(
    cache: KvCache,
    ids: readonly number[],
    rows: number,
    candidates?: number,
  ): Promise<readonly Float32Array[]> {
    return (await this.run(cache, { ids, count: ids.length }, { logits: rows, candidates, hidden: false })).logits;
  }

  /**
   * Feeds one more token to each sequence of a batch: one step for each, which all want the same. `take` decides whether the
   * sequences have then moved on; otherwise they are left as they are.
   */
  async runTogether(
    batch: CacheBatch,
    steps: readonly Step[],
    wanted: Wanted,
    take: (results: readonly StepResult[]) => boolean,
  ): Promise<boolean> {
    const count = steps.length;
    const ids = steps.map((step) => step.ids?.[0] ?? 0);
    // A head that takes all rows for one list keeps the last of them.
    const integers = this.#integers(batch.lengths, 1, ids, count);
    const feeds = { ...batch.feeds(), ...integers, ...this.#hidden(steps, count, 1) };
    const outputs = await this.#session.run(feeds, { ...batch.fetches(), ...this.#results(wanted) });
    const rows = wanted.logits > 0 ? await this.#rows.last(outputs.logits, count, wanted.candidates) : [];
    const results = steps.map((step, row): StepResult => {
      const logits = rows.length === count ? [rows[row]!] : [];
      return { logits, hidden: wanted.hidden ? this.#gives(outputs, step, row, count) : [] };
    });
    const isTaken = take(results);
    if (isTaken) batch.advance(outputs);
    else batch.discard(outputs);
    return isTaken;
  }

  /** From now on, steps of more tokens than these are computed piece by piece. */
  limit(chunk: number): void {
    this.#chunk = chunk;
  }

  /** Feeds the tokens or hidden states that follow those in the cache. */
  run(cache: KvCache, step: Step, wanted: Wanted): Promise<StepResult> {
    return runInChunks((...piece) => this.#run(cache, ...piece), this.#chunk, step, wanted);
  }

  async release(): Promise<void> {
    this.#rows.release();
    await this.#session.release();
  }

  async #run(cache: KvCache, step: Step, wanted: Wanted): Promise<StepResult> {
    const total = cache.length + step.count;
    await cache.reserve(total);
    await cache.separate();
    const given = step.ids ?? new Array<number>(step.count).fill(0);
    const integers = this.#integers([cache.length], step.count, given, Math.max(1, wanted.logits));
    const feeds = { ...cache.feeds(), ...integers, ...this.#hidden([step], 1, step.count) };
    const outputs = await this.#session.run(feeds, { ...cache.fetches(), ...this.#results(wanted) });
    cache.advance(outputs, step.count);
    return {
      logits: wanted.logits > 0 ? await this.#rows.last(outputs.logits, wanted.logits, wanted.candidates) : [],
      hidden: wanted.hidden ? this.#gives(outputs, step, 0, 1) : [],
    };
  }

  /** The results to fetch besides the caches. */
  #results(wanted: Wanted): Record<string, null> {
    const hidden = wanted.hidden ? this.#spec.hidden.gives.map(({ name }) => name) : [];
    return Object.fromEntries([...(wanted.logits > 0 ? ["logits"] : []), ...hidden].map((name) => [name, null]));
  }

  /** The hidden state that one of several sequences gets from a run. */
  #gives(outputs: Readonly<Record<string, Tensor>>, step: Step, row: number, rows: number): HiddenState {
    const { gives, passes } = this.#spec.hidden;
    return [
      ...gives.map((slot) => hiddenTensor(slot, outputs[slot.name], row, rows)),
      ...passes.map((name) => step.hidden?.find((tensor) => tensor.name === name)).filter((tensor) => !!tensor),
    ];
  }

  /** The inputs of integers for `count` tokens of each sequence; `pasts` are the lengths of the sequences before them. */
  #integers(pasts: readonly number[], count: number, ids: readonly number[], logits: number): Record<string, Tensor> {
    const ort = this.#ort;
    const { ids: idType, mask, positions, logitsToKeep } = this.#spec;
    const dims = [pasts.length, count];
    const feeds: Record<string, Tensor> = {};
    if (idType) feeds.input_ids = integerTensor(ort, idType, ids, dims);
    if (mask) {
      const [first = 0, ...others] = pasts.map((past) => past + count);
      const isAlone = others.length === 0;
      feeds.attention_mask = isAlone
        ? (this.#masks ??= new OpenMasks(ort, mask)).of(first)
        : paddedMask(ort, mask, [first, ...others]);
    }
    if (positions) {
      const { type, axes, rank } = positions;
      const once = pasts.flatMap((past) => Array.from({ length: count }, (_, index) => past + index));
      const values = Array.from({ length: axes }, () => once).flat();
      feeds.position_ids = integerTensor(ort, type, values, rank === 3 ? [axes, ...dims] : dims);
    }
    if (logitsToKeep) {
      const { name, type, rank } = logitsToKeep;
      feeds[name] = integerTensor(ort, type, [logits], rank === 0 ? [] : [1]);
    }
    return feeds;
  }

  /** The hidden states that enter, `count` tokens of each sequence. */
  #hidden(steps: readonly Step[], sequences: number, count: number): Record<string, Tensor> {
    const { hidden, rows } = this.#spec;
    const feeds: Record<string, Tensor> = {};
    for (const { name, type } of hidden.takes) {
      const row = rows.get(name);
      if (!row) continue; // It is only passed on.
      const parts = steps.map((step) => step.hidden?.find((tensor) => tensor.name === name)?.bytes);
      if (!parts.every((bytes) => bytes !== undefined)) throw new Error(`The stage got no ${name}.`);
      feeds[name] = floatTensor(this.#ort, type, joined(parts), [sequences, count, ...row]);
    }
    return feeds;
  }
}

function hiddenTensor(
  { name, type }: HiddenSlot,
  tensor: Tensor | undefined,
  row: number,
  rows: number,
): HiddenState[number] {
  if (!tensor) throw new Error(`The stage gave no ${name}.`);
  const bytes = tensorBytes(tensor);
  const size = bytes.length / rows;
  return { name, type, bytes: rows === 1 ? bytes : bytes.slice(row * size, (row + 1) * size) };
}

/** The bytes of all parts in a buffer of their own, as floats of any size need them to be. */
function joined(parts: readonly Uint8Array<ArrayBuffer>[]): ArrayBuffer {
  const [first] = parts;
  if (first && parts.length === 1) {
    return first.byteLength === first.buffer.byteLength ? first.buffer : first.slice().buffer;
  }
  return concat(...parts).buffer;
}
