/** Caches that grow on the GPU, on a device of the test's own that counts its memory. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CacheSlot, GraphSpec } from "../graph-spec";
import { CacheBatch } from "./batch";
import { gpuMemory } from "./memory";
import { SequenceCache } from "./sequence-cache";
import type { Ort } from "../runtime";

const LAYERS = 6;
/** 20 MiB for 1280 tokens: three layers are replaced together. */
const SLOT = { type: "float32", heads: 2, headDim: 2048 } as const;
const BYTES_PER_TOKEN = SLOT.heads * SLOT.headDim * 4;

class Buffer {
  readonly size: number;
  readonly device: Device;
  isLost = false;
  /** The number of tokens whose rows were copied here. */
  tokens = 0;
  constructor(device: Device, size: number) {
    this.device = device;
    this.size = size;
  }

  destroy(): void {
    if (!this.isLost) this.device.doomed.push(this);
    this.isLost = true;
  }
}

/** Frees destroyed buffers when the work that was submitted before is done, as drivers do. */
class Device {
  memory = Infinity;
  used = 0;
  peak = 0;
  doomed: Buffer[] = [];
  #failed = false;
  readonly queue = {
    submit: (): void => undefined,
    onSubmittedWorkDone: (): Promise<void> => {
      this.#free();
      return Promise.resolve();
    },
  };

  createBuffer({ size }: { size: number }): Buffer {
    this.used += size;
    this.#failed ||= this.used > this.memory;
    this.peak = Math.max(this.peak, this.used);
    return new Buffer(this, size);
  }

  createCommandEncoder() {
    return {
      copyBufferToBuffer: (from: Buffer, _start: number, to: Buffer, _at: number, bytes: number): void => {
        if (from.isLost || to.isLost) throw new Error("A buffer is used after it was destroyed.");
        to.tokens = bytes / (SLOT.headDim * 4);
      },
      finish: () => undefined,
    };
  }

  pushErrorScope(): void {
    this.#failed = false;
  }

  popErrorScope(): Promise<{ message: string } | null> {
    const failed = this.#failed;
    this.#failed = false;
    return Promise.resolve(failed ? { message: "out of memory" } : null);
  }

  #free(): void {
    for (const { size } of this.doomed) this.used -= size;
    this.doomed = [];
  }
}

interface FakeTensor {
  readonly gpuBuffer: Buffer;
  readonly dims: readonly number[];
}

const ort = {
  Tensor: {
    fromGpuBuffer: (gpuBuffer: Buffer, { dims, dispose }: { dims: readonly number[]; dispose(): void }) => {
      return { gpuBuffer, dims, dispose };
    },
  },
} as unknown as Ort;

function setUp(maxTokens = 8192) {
  const slots = Array.from({ length: LAYERS }, (_, layer): CacheSlot => {
    return { ...SLOT, past: `past.${layer}`, present: `present.${layer}` };
  });
  const sizes = { fixed: [], fixedBytes: 0, bytesPerToken: LAYERS * BYTES_PER_TOKEN, inPlacePossible: true };
  const spec = { slots, ...sizes } as unknown as GraphSpec;
  const device = new Device();
  const memory = gpuMemory(ort, device as unknown as GPUDevice);
  const create = () => new SequenceCache({ ort, memory, spec, inPlace: true, maxTokens });
  const tensorsOf = (cache: SequenceCache) => Object.values(cache.feeds()) as unknown as FakeTensor[];
  const cache = create();
  return { device, cache, create, tensors: () => tensorsOf(cache), tensorsOf };
}

describe("caches in place on the GPU", () => {
  beforeEach(() => vi.stubGlobal("GPUBufferUsage", { STORAGE: 1, COPY_SRC: 2, COPY_DST: 4 }));
  afterEach(() => vi.unstubAllGlobals());

  it("grow without taking the memory of all layers twice", async () => {
    const { device, cache, tensors } = setUp();
    await cache.reserve(1000);
    cache.advance({}, 900);
    expect(cache.bytes).toBe(1024 * LAYERS * BYTES_PER_TOKEN);
    await cache.reserve(1025);
    const after = 1280 * LAYERS * BYTES_PER_TOKEN;
    expect([cache.bytes, device.used]).toEqual([after, after]);
    expect(device.peak - after).toBeLessThanOrEqual(64 * 2 ** 20);
    expect(tensors().map(({ gpuBuffer, dims }) => [gpuBuffer.tokens, dims[2]])).toEqual(
      new Array(LAYERS).fill([900, 1280]),
    );
  });

  it("keep their tokens when memory runs out, and grow on when there is more", async () => {
    const { device, cache, tensors } = setUp();
    await cache.reserve(1024);
    cache.advance({}, 1024);
    device.memory = device.used + 3 * 1280 * BYTES_PER_TOKEN; // enough for the first three only
    await expect(cache.reserve(1025)).rejects.toMatchObject({ code: "out-of-memory" });
    await device.queue.onSubmittedWorkDone();
    expect(device.used).toBe(cache.bytes);
    expect(tensors().map(({ dims }) => dims[2])).toEqual([1280, 1280, 1280, 1024, 1024, 1024]);
    expect(tensors().some(({ gpuBuffer }) => gpuBuffer.isLost)).toBe(false);
    device.memory = Infinity;
    await cache.reserve(1025);
    expect(tensors().map(({ gpuBuffer, dims }) => [gpuBuffer.tokens, dims[2]])).toEqual(
      new Array(LAYERS).fill([1024, 1280]),
    );
    cache.dispose();
    await device.queue.onSubmittedWorkDone();
    expect(device.used).toBe(0);
  });

  it("grow in steps, up to the context", async () => {
    const { cache, tensors } = setUp(600);
    const capacities = async (tokens: number) => {
      await cache.reserve(tokens);
      return tensors().map(({ dims }) => dims[2]);
    };
    expect(new Set(await capacities(10))).toEqual(new Set([256]));
    expect(new Set(await capacities(257))).toEqual(new Set([512]));
    expect(new Set(await capacities(513))).toEqual(new Set([600]));
  });

  it("lie side by side while the same sequences run together, and take no more memory than apart", async () => {
    const { device, create } = setUp();
    const caches = [create(), create(), create()];
    for (const [index, cache] of caches.entries()) {
      await cache.reserve(1000);
      cache.advance({}, 700 + index);
    }
    const apart = device.used;
    const step = async (members: readonly SequenceCache[]) => {
      const batch = await CacheBatch.of(members);
      batch.advance({});
      batch.release();
      await device.queue.onSubmittedWorkDone();
      return Object.values(batch.feeds()) as unknown as FakeTensor[];
    };
    const first = await step(caches);
    expect(first.map(({ dims }) => dims)).toEqual(new Array(LAYERS).fill([3, SLOT.heads, 1024, SLOT.headDim]));
    expect(device.used).toBe(apart);
    expect(await step(caches)).toEqual(first);
    expect(caches.map(({ length }) => length)).toEqual([702, 703, 704]);
    expect(caches.map(({ bytes }) => bytes)).toEqual(new Array(3).fill(apart / 3));
    // One leaves, and neither it nor those that stay keep the memory of its row.
    const rest = await step(caches.slice(1));
    expect(rest[0]!.dims[0]).toBe(2);
    expect(device.used).toBe(apart);
    expect(caches.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(apart);
    caches[1]!.dispose();
    await caches[2]!.separate();
    await device.queue.onSubmittedWorkDone();
    expect(device.used).toBe((apart / 3) * 2);
    for (const cache of caches) cache.dispose();
    await device.queue.onSubmittedWorkDone();
    expect(device.used).toBe(0);
  });

  it("stay as they are where there is no memory for them side by side", async () => {
    const { device, create, tensorsOf } = setUp();
    const caches = [create(), create()];
    for (const cache of caches) {
      await cache.reserve(1000);
      cache.advance({}, 1000);
    }
    device.memory = device.used + 1;
    await expect(CacheBatch.of(caches)).rejects.toMatchObject({ code: "out-of-memory" });
    for (const cache of caches) {
      expect(cache.length).toBe(1000);
      expect(tensorsOf(cache).some(({ gpuBuffer }) => gpuBuffer.isLost)).toBe(false);
    }
  });
});
