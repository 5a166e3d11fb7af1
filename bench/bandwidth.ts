/** Copy loops that run inside a worker. They are sent there as text, so they use nothing from outside themselves. */

/** Bytes per second that one thread moves, read and written together, over blocks of `bytes`; the best of many. */
export function processorCopyRate(bytes: number): number {
  const from = new Uint8Array(bytes).fill(1);
  const to = new Uint8Array(bytes);
  const copiesEach = Math.max(1, Math.round(32e6 / bytes));
  let best = 0;
  for (let trial = 0; trial < 30; trial++) {
    const startedAt = performance.now();
    for (let copy = 0; copy < copiesEach; copy++) to.set(from);
    best = Math.max(best, (2000 * bytes * copiesEach) / (performance.now() - startedAt));
  }
  return best;
}

/** The same for buffers of the GPU. Throws if there is no adapter. */
export async function gpuCopyRate(bytes: number): Promise<number> {
  const device = await (await navigator.gpu.requestAdapter())?.requestDevice();
  if (!device) throw new Error("There is no WebGPU adapter.");
  const size = Math.ceil(bytes / 4) * 4;
  const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const from = device.createBuffer({ size, usage });
  const to = device.createBuffer({ size, usage });
  const copiesEach = Math.max(1, Math.round(64e6 / size));
  let best = 0;
  for (let trial = 0; trial < 10; trial++) {
    const encoder = device.createCommandEncoder();
    for (let copy = 0; copy < copiesEach; copy++) encoder.copyBufferToBuffer(from, 0, to, 0, size);
    const startedAt = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    best = Math.max(best, (2000 * size * copiesEach) / (performance.now() - startedAt));
  }
  device.destroy();
  return best;
}
