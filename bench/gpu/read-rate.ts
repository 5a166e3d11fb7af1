/** The rate at which a GPU reads its memory. The function is sent to a page as text, so it uses nothing from outside itself. */

/**
 * Bytes per second that a kernel reads which does nothing else, over a block of `bytes`; the best of many. Throws if there is no
 * adapter, or if the block does not fit into one binding.
 */
export async function gpuReadRate(bytes: number): Promise<number> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  const limits = { maxBufferSize: bytes, maxStorageBufferBindingSize: bytes };
  const device = await adapter?.requestDevice({ requiredLimits: limits });
  if (!device) throw new Error("There is no WebGPU adapter.");
  const [threads, groups] = [256, 2048];
  const { STORAGE } = GPUBufferUsage;
  const block = device.createBuffer({ size: bytes, usage: STORAGE });
  const sums = device.createBuffer({ size: 4 * threads * groups, usage: STORAGE });
  const code = `
    @group(0) @binding(0) var<storage, read> block: array<vec4<u32>>;
    @group(0) @binding(1) var<storage, read_write> sums: array<u32>;
    @compute @workgroup_size(${threads}) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
      var sum = vec4<u32>(0u);
      for (var at = id.x; at < arrayLength(&block); at += ${threads * groups}u) { sum ^= block[at]; }
      sums[id.x] = sum.x ^ sum.y ^ sum.z ^ sum.w;
    }`;
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } });
  const entries = [block, sums].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const timed = async (passes: number): Promise<number> => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let count = 0; count < passes; count++) pass.dispatchWorkgroups(groups);
    pass.end();
    const startedAt = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - startedAt;
  };
  await timed(1);
  // As many passes as take a fifth of a second, so that handing them over hardly counts.
  const passes = Math.max(1, Math.min(64, Math.ceil(200 / (await timed(1)))));
  let best = 0;
  for (let trial = 0; trial < 5; trial++) best = Math.max(best, (1000 * bytes * passes) / (await timed(passes)));
  device.destroy();
  return best;
}
