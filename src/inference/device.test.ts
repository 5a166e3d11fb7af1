import { afterEach, describe, expect, it, vi } from "vitest";
import { preferredBackend, probeDevice } from "./device";

const CHROME_LINUX =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
const SAFARI_PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Mobile/15E148 Safari/604.1";

/** A browser whose adapter has this information; undefined has no adapter, "none" no WebGPU. */
function browse(options: { agent?: string; adapter?: object | "none"; secure?: boolean }): void {
  const limits = { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 27 };
  const features = new Set(["subgroups", "shader-f16"]);
  const info = { vendor: "", architecture: "", description: "", isFallbackAdapter: false };
  const { adapter } = options;
  const found = typeof adapter === "object" ? { features, limits, info: { ...info, ...adapter } } : null;
  const gpu = { requestAdapter: () => Promise.resolve(found) };
  vi.stubGlobal("isSecureContext", options.secure ?? true);
  vi.stubGlobal("navigator", {
    userAgent: options.agent ?? CHROME_LINUX,
    hardwareConcurrency: 8,
    deviceMemory: 4,
    ...(adapter === "none" ? {} : { gpu }),
  });
}

afterEach(() => vi.unstubAllGlobals());

describe("probeDevice", () => {
  it("describes a real adapter, on which models run on the GPU", async () => {
    browse({ adapter: { vendor: "nvidia", architecture: "ampere" } });
    const device = await probeDevice();
    expect(device).toMatchObject({
      webgpu: { vendor: "nvidia", features: ["shader-f16", "subgroups"], maxBufferSize: 2 ** 30, software: false },
      memoryBytes: 4 * 2 ** 30,
      threads: 8,
      mobile: false,
      label: "Chrome on Linux",
    });
    expect(device.webgpuMissing).toBeUndefined();
    expect(preferredBackend(device)).toBe("webgpu");
  });

  it.each([
    ["SwiftShader", { vendor: "google", architecture: "swiftshader" }],
    ["llvmpipe", { vendor: "mesa", description: "llvmpipe (LLVM 19.1.7, 256 bits)" }],
    ["a fallback adapter", { isFallbackAdapter: true }],
  ])("knows %s for software, where models run on the CPU", async (_, adapter) => {
    browse({ adapter });
    const device = await probeDevice();
    expect(device.webgpu?.software).toBe(true);
    expect(preferredBackend(device)).toBe("wasm");
  });

  it.each([
    ["no secure page", { secure: false }, /https/],
    ["no WebGPU", { adapter: "none" }, /no WebGPU/],
    ["no adapter", {}, /no graphics adapter/],
  ] as const)("explains why there is %s", async (_, options, why) => {
    browse(options);
    const device = await probeDevice();
    expect(device.webgpu).toBeUndefined();
    expect(device.webgpuMissing).toMatch(why);
    expect(preferredBackend(device)).toBe("wasm");
  });

  it("recognises a phone", async () => {
    browse({ agent: SAFARI_PHONE });
    expect(await probeDevice()).toMatchObject({ mobile: true, label: "Safari on iOS" });
  });
});
