/** The GPU that is measured: a graphics card where the browser finds one, else software. */
import type { Browser } from "@playwright/test";
import { Browsers } from "../../e2e/harness/browsers";
import type { DeviceInfo } from "../../src/inference";

/** A WebGPU adapter. */
export type Adapter = NonNullable<DeviceInfo["webgpu"]>;

/** A browser whose pages have WebGPU. The caller closes it. */
export interface GpuBrowser {
  readonly browser: Browser;
  readonly adapter: Adapter;
  close(): Promise<void>;
}

/** Opens a page that answers what device it has, and gives that. */
export type Probe = (browser: Browser) => Promise<DeviceInfo>;

/** Starts a browser with the best WebGPU of this machine; `software` leaves graphics cards alone. Throws if there is none at all. */
export async function gpuBrowser(
  probe: Probe,
  options: { readonly software: boolean; readonly flags: readonly string[] },
): Promise<GpuBrowser> {
  const reasons: string[] = [];
  for (const webgpu of options.software ? ([true] as const) : (["graphics-card", true] as const)) {
    const browsers = new Browsers(options.flags);
    try {
      const browser = await browsers.shared({ webgpu });
      const { webgpu: adapter, webgpuMissing } = await probe(browser);
      // Software comes with the same flags as in the tests, whatever else a browser falls back to.
      if (adapter && (webgpu === true || !adapter.software)) return { browser, adapter, close: () => browsers.close() };
      reasons.push(webgpuMissing ?? "Only a software adapter was found.");
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
    await browsers.close();
  }
  throw new Error(`No page of this browser has WebGPU. ${reasons.join(" ")}`);
}

/** One line for people. */
export function describeAdapter(adapter: Adapter): string {
  const { vendor, architecture, description, features, software } = adapter;
  const name = [vendor, architecture, description].filter((part) => part !== "").join(" ");
  const sizes = [adapter.maxBufferSize, adapter.maxStorageBufferBindingSize].map(
    (bytes) => `${Math.round(bytes / 2 ** 20)} MiB`,
  );
  const kind = software ? "software, no graphics card" : "a graphics card";
  const half = features.includes("shader-f16") ? "with" : "without";
  return `${name} (${kind}), ${half} 16-bit numbers, buffers up to ${sizes[0]}, bound up to ${sizes[1]}`;
}
