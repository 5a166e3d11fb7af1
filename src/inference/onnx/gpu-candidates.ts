/** Finds the likeliest tokens on the GPU, so that the rest of the vocabulary need not come back from it. */
import type { FloatType } from "./floats";

/** Most tokens that are looked for: with more, reading all logits takes no longer. */
const MOST = 1024;
/** Entries that come back for each token that is looked for. More are only needed where many are equally likely. */
const ROOM = 4;
const LEAST_ROOM = 256;
/** Tokens of which each invocation finds the likeliest, and most invocations. */
const TOKENS_EACH = 16;
const MOST_GROUPS = 4096;
/** Words before the entries of a row: the lowest key that is kept, and the number of entries. */
const HEAD_WORDS = 2;
const WORKGROUP = 256;

/** Logits in a buffer of the GPU: the last `rows` rows of `vocabulary` numbers, which begin at the number `first`. */
interface LogitRows {
  readonly buffer: GPUBuffer;
  readonly type: FloatType;
  readonly first: number;
  readonly rows: number;
  readonly vocabulary: number;
}

interface Kernels {
  readonly group: GPUComputePipeline;
  readonly threshold: GPUComputePipeline;
  readonly collect: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** The buffers for one size of results. */
interface Buffers {
  readonly maxima: GPUBuffer;
  readonly found: GPUBuffer;
  readonly readback: GPUBuffer;
  readonly sizes: GPUBuffer;
}

/**
 * Selects tokens on one device. The vocabulary is dealt out to groups, and the likeliest of each is found; the `count` likeliest of
 * all tokens are not below the `count`-th of these. So all tokens from there on come back, few more than were asked for.
 */
export class GpuCandidates {
  readonly #device: GPUDevice;
  readonly #kernels = new Map<FloatType, Kernels>();
  #buffers: Buffers | undefined;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /**
   * The logits of at least the `count` likeliest tokens in each row, and −∞ for all others. Undefined if that is no less
   * work than reading all of them.
   */
  async select(logits: LogitRows, count: number): Promise<Float32Array[] | undefined> {
    const { type, first, rows, vocabulary } = logits;
    const groups = Math.min(MOST_GROUPS, Math.ceil(vocabulary / TOKENS_EACH));
    const room = Math.max(LEAST_ROOM, ROOM * count);
    if (count > MOST || count > groups || 2 * room > vocabulary) return undefined;
    const device = this.#device;
    const rowWords = HEAD_WORDS + 2 * room;
    const { maxima, found, readback, sizes } = this.#sized(rows * groups * 4, rows * rowWords * 4);
    device.queue.writeBuffer(sizes, 0, Uint32Array.of(vocabulary, first, groups, count, room, 0, 0, 0));
    const { group, threshold, collect, layout } = this.#kernelsFor(type);
    const buffers = [logits.buffer, maxima, found, sizes];
    const bindings = device.createBindGroup({
      layout,
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(found);
    const pass = encoder.beginComputePass();
    pass.setBindGroup(0, bindings);
    pass.setPipeline(group);
    pass.dispatchWorkgroups(Math.ceil(groups / WORKGROUP), rows);
    pass.setPipeline(threshold);
    pass.dispatchWorkgroups(1, rows);
    pass.setPipeline(collect);
    pass.dispatchWorkgroups(Math.ceil(vocabulary / WORKGROUP), rows);
    pass.end();
    encoder.copyBufferToBuffer(found, 0, readback, 0, rows * rowWords * 4);
    device.queue.submit([encoder.finish()]);
    await readback.mapAsync(GPUMapMode.READ, 0, rows * rowWords * 4);
    const words = new Uint32Array(readback.getMappedRange(0, rows * rowWords * 4).slice(0));
    readback.unmap();
    const selected = Array.from({ length: rows }, (_, row) =>
      spreadOut(words.subarray(row * rowWords, (row + 1) * rowWords), vocabulary, room),
    );
    return selected.every((row) => row !== undefined) ? selected : undefined;
  }

  release(): void {
    for (const buffer of Object.values(this.#buffers ?? {}) as GPUBuffer[]) buffer.destroy();
    this.#buffers = undefined;
  }

  #sized(maximaBytes: number, foundBytes: number): Buffers {
    const old = this.#buffers;
    if (old && old.maxima.size >= maximaBytes && old.found.size >= foundBytes) return old;
    this.release();
    const { STORAGE, COPY_SRC, COPY_DST, MAP_READ, UNIFORM } = GPUBufferUsage;
    const make = (size: number, usage: number): GPUBuffer => this.#device.createBuffer({ size, usage });
    this.#buffers = {
      maxima: make(maximaBytes, STORAGE),
      found: make(foundBytes, STORAGE | COPY_SRC | COPY_DST),
      readback: make(foundBytes, MAP_READ | COPY_DST),
      sizes: make(32, UNIFORM | COPY_DST),
    };
    return this.#buffers;
  }

  #kernelsFor(type: FloatType): Kernels {
    const known = this.#kernels.get(type);
    if (known) return known;
    const device = this.#device;
    const module = device.createShaderModule({ code: shader(type) });
    const kinds = ["read-only-storage", "storage", "storage", "uniform"] as const;
    const layout = device.createBindGroupLayout({
      entries: kinds.map((kind, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type: kind } })),
    });
    const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] });
    const pipeline = (entryPoint: string): GPUComputePipeline =>
      device.createComputePipeline({ layout: pipelineLayout, compute: { module, entryPoint } });
    const made = {
      group: pipeline("group"),
      threshold: pipeline("threshold"),
      collect: pipeline("collect"),
      layout,
    };
    this.#kernels.set(type, made);
    return made;
  }
}

/** Whether a selection holds the `count` likeliest of all tokens, with their logits. */
export function holdsLikeliest(selected: Float32Array, all: Float32Array, count: number): boolean {
  let lowest = Infinity;
  let size = 0;
  for (const [id, value] of selected.entries()) {
    if (value === Number.NEGATIVE_INFINITY) continue;
    if (value !== all[id]) return false;
    lowest = Math.min(lowest, value);
    size++;
  }
  return size >= count && all.every((value, id) => !(value > lowest) || selected[id] === value);
}

/** The logits of a row's entries, by their ids. Undefined if there was no room for all of them. */
function spreadOut(words: Uint32Array, vocabulary: number, room: number): Float32Array | undefined {
  const size = words[1] ?? 0;
  if (size > room) return undefined;
  const values = new Float32Array(words.buffer, words.byteOffset, words.length);
  const logits = new Float32Array(vocabulary).fill(Number.NEGATIVE_INFINITY);
  for (let at = HEAD_WORDS; at < HEAD_WORDS + 2 * size; at += 2) logits[words[at]!] = values[at + 1]!;
  return logits;
}

/**
 * Numbers are compared by keys: their bits, so turned that larger numbers have larger keys; NaN has the smallest. Halves are
 * unpacked, which every GPU can do.
 */
function shader(type: FloatType): string {
  const bits = type === "float32" ? "logits[at]" : "bitcast<u32>(unpack2x16float(logits[at >> 1u])[at & 1u])";
  return `
struct Sizes { vocabulary: u32, first: u32, groups: u32, count: u32, room: u32 }
@group(0) @binding(0) var<storage, read> logits: array<u32>;
@group(0) @binding(1) var<storage, read_write> maxima: array<u32>;
@group(0) @binding(2) var<storage, read_write> found: array<atomic<u32>>;
@group(0) @binding(3) var<uniform> sizes: Sizes;
var<workgroup> total: atomic<u32>;

fn bits_of(row: u32, id: u32) -> u32 {
  let at = sizes.first + row * sizes.vocabulary + id;
  return ${bits};
}

fn key_of(bits: u32) -> u32 {
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0u; }
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}

fn row_at(row: u32) -> u32 { return row * (${HEAD_WORDS}u + 2u * sizes.room); }

@compute @workgroup_size(${WORKGROUP})
fn group(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= sizes.groups) { return; }
  var best = 0u;
  for (var token = id.x; token < sizes.vocabulary; token += sizes.groups) {
    best = max(best, key_of(bits_of(id.y, token)));
  }
  maxima[id.y * sizes.groups + id.x] = best;
}

@compute @workgroup_size(${WORKGROUP})
fn threshold(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) id: vec3u) {
  var lowest = 0u;
  for (var bit = 32u; bit > 0u; bit--) {
    let tried = lowest | (1u << (bit - 1u));
    if (index == 0u) { atomicStore(&total, 0u); }
    workgroupBarrier();
    var own = 0u;
    for (var at = index; at < sizes.groups; at += ${WORKGROUP}u) {
      own += select(0u, 1u, maxima[id.y * sizes.groups + at] >= tried);
    }
    atomicAdd(&total, own);
    workgroupBarrier();
    if (atomicLoad(&total) >= sizes.count) { lowest = tried; }
    workgroupBarrier();
  }
  if (index == 0u) { atomicStore(&found[row_at(id.y)], lowest); }
}

@compute @workgroup_size(${WORKGROUP})
fn collect(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= sizes.vocabulary) { return; }
  let bits = bits_of(id.y, id.x);
  let start = row_at(id.y);
  if (key_of(bits) < atomicLoad(&found[start])) { return; }
  let entry = atomicAdd(&found[start + 1u], 1u);
  if (entry >= sizes.room) { return; }
  atomicStore(&found[start + ${HEAD_WORDS}u + 2u * entry], id.x);
  atomicStore(&found[start + ${HEAD_WORDS}u + 2u * entry + 1u], bits);
}
`;
}
