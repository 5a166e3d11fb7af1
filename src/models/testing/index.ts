/** Helpers that the unit tests of this folder share. */
import type { DeviceInfo } from "../../inference";

/** A device with a good GPU; `patch` changes the property that a test is about. */
export function testDevice(
  patch: { features?: readonly string[]; webgpu?: false; memoryBytes?: number } = {},
): DeviceInfo {
  const webgpu = {
    vendor: "test",
    architecture: "",
    description: "",
    features: patch.features ?? ["shader-f16"],
    maxBufferSize: 2 ** 30,
    maxStorageBufferBindingSize: 2 ** 30,
    software: false,
  };
  return {
    webgpu: patch.webgpu === false ? undefined : webgpu,
    webgpuMissing: patch.webgpu === false ? "it is switched off" : undefined,
    memoryBytes: patch.memoryBytes,
    threads: 4,
    mobile: false,
    label: "test",
  };
}
