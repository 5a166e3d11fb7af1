/** Runs one graph in memory, a whole decoder or a stage: feeds it the next tokens of a sequence and reads the results. */
import type { InferenceSession, Tensor } from "onnxruntime-web";
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
   * Feeds one more token to each sequence of a batch and gives the logits after each. `take` decides whether the sequences
   * have then moved on; otherwise they are left as they are.
   */
  async predictTogether(
    batch: CacheBatch,
    ids: readonly number[],
    candidates: number | undefined,
    take: (rows: readonly Float32Array[]) => boolean,
  ): Promise<boolean> {
    const count = ids.length;
    // A head that takes all rows for one list keeps the last of them.
    const feeds = { ...batch.feeds(), ...this.#integers(batch.lengths, 1, ids, count) };
    const outputs = await this.#session.run(feeds, { ...batch.fetches(), logits: null });
    const isTaken = take(await this.#rows.last(outputs.logits, count, candidates));
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
    const { gives, passes } = this.#spec.hidden;
    const fetches: Record<string, Tensor | null> = { ...cache.fetches() };
    if (wanted.logits > 0) fetches.logits = null;
    if (wanted.hidden) for (const { name } of gives) fetches[name] = null;
    const outputs = await this.#session.run(this.#feeds(cache, step, wanted.logits), fetches);
    cache.advance(outputs, step.count);
    return {
      logits: wanted.logits > 0 ? await this.#rows.last(outputs.logits, wanted.logits, wanted.candidates) : [],
      hidden: wanted.hidden
        ? [
            ...gives.map((slot) => hiddenTensor(slot, outputs[slot.name])),
            ...passes.map((name) => step.hidden?.find((tensor) => tensor.name === name)).filter((tensor) => !!tensor),
          ]
        : [],
    };
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

  #feeds(cache: KvCache, { ids, hidden, count }: Step, logits: number): Record<string, Tensor> {
    const { hidden: slots, rows } = this.#spec;
    const given = ids ?? new Array<number>(count).fill(0);
    const feeds = { ...cache.feeds(), ...this.#integers([cache.length], count, given, Math.max(1, logits)) };
    for (const slot of slots.takes) {
      const row = rows.get(slot.name);
      if (!row) continue; // It is only passed on.
      const bytes = hidden?.find(({ name }) => name === slot.name)?.bytes;
      if (!bytes) throw new Error(`The stage got no ${slot.name}.`);
      feeds[slot.name] = floatTensor(this.#ort, slot.type, alignedBuffer(bytes), [1, count, ...row]);
    }
    return feeds;
  }
}

function hiddenTensor({ name, type }: HiddenSlot, tensor: Tensor | undefined): HiddenState[number] {
  if (!tensor) throw new Error(`The stage gave no ${name}.`);
  return { name, type, bytes: tensorBytes(tensor) };
}

/** The bytes in a buffer of their own, as floats of any size need them to be. */
function alignedBuffer(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
}
