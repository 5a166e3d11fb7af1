/** Starts real browsers: shared ones for ordinary pages, and separate ones for pages that will be killed. */
import { chromium, type Browser, type BrowserContext, type BrowserServer } from "@playwright/test";
import { ensureBrowser } from "../../scripts/setup/browser.mjs";

/** Keeps the browser off the internet, and lets pages of several browsers connect on one machine. */
const COMMON_FLAGS = [
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  `--disable-features=${[
    // Names like x.local need multicast to be resolved, which containers lack.
    "WebRtcHideLocalIpsWithMdns",
    // Each window would load pages of the browser's own for its address bar, which nobody sees.
    "AimEnabled",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
    // The last such list counts. Playwright's names these too; they search for devices, and load hints and suggestions.
    "MediaRouter",
    "OptimizationHints",
    "PreconnectToSearch",
  ].join(",")}`,
];
/** WebGPU on the processor, the same on every machine. */
const WEBGPU_FLAGS = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
/** WebGPU on the graphics card, where there is one. On Linux, a browser without a window reaches it through Vulkan. */
const GRAPHICS_CARD_FLAGS = [
  "--enable-unsafe-webgpu",
  "--ignore-gpu-blocklist",
  ...(process.platform === "linux"
    ? ["--enable-features=Vulkan", "--use-angle=vulkan", "--disable-vulkan-surface"]
    : []),
];
/** No adapter at all, even on machines that have a GPU. */
const NO_WEBGPU_FLAGS = ["--disable-gpu"];

/** A test's page compiles 14 MB of WebAssembly. Optimizing it costs more time than the few tokens of a test gain. */
export const UNOPTIMIZED_FLAGS = ["--js-flags=--liftoff-only"];

/** The abilities that a page needs of its browser. */
export interface BrowserNeeds {
  /** Software WebGPU, or that of the machine; with neither, `navigator.gpu` gives no adapter. */
  readonly webgpu: boolean | "graphics-card";
}

/** A browser process that nothing else uses. */
export interface OwnBrowser {
  readonly browser: Browser;
  readonly process: BrowserServer;
}

/** Launches browsers on first use, and closes them all at the end. */
export class Browsers {
  readonly #shared = new Map<BrowserNeeds["webgpu"], Promise<Browser>>();
  readonly #flags: readonly string[];

  /** `flags` are added to those that every browser here needs. */
  constructor(flags: readonly string[] = []) {
    this.#flags = flags;
  }

  /** The shared browser with these abilities; each page has its own context in it. */
  shared({ webgpu }: BrowserNeeds): Promise<Browser> {
    let browser = this.#shared.get(webgpu);
    if (!browser) {
      browser = this.#options(webgpu).then((options) => chromium.launch(options));
      this.#shared.set(webgpu, browser);
    }
    return browser;
  }

  /** A browser of its own, whose process can be stopped and killed. The caller closes it. */
  async own({ webgpu }: BrowserNeeds): Promise<OwnBrowser> {
    const process = await chromium.launchServer(await this.#options(webgpu));
    return { process, browser: await chromium.connect(process.wsEndpoint()) };
  }

  /** A browser with its profile in a folder, so that another one can go on with it. The caller closes it. */
  async inProfile(folder: string, { webgpu }: BrowserNeeds): Promise<BrowserContext> {
    const options = await this.#options(webgpu);
    return chromium.launchPersistentContext(folder, { ...options, reducedMotion: "reduce" });
  }

  async close(): Promise<void> {
    const browsers = await Promise.allSettled(this.#shared.values());
    await Promise.all(browsers.map(async (each) => each.status === "fulfilled" && (await each.value.close())));
  }

  async #options(webgpu: BrowserNeeds["webgpu"]): Promise<{ executablePath: string; args: string[] }> {
    return {
      executablePath: await ensureBrowser(),
      args: [...COMMON_FLAGS, ...flagsFor(webgpu), ...this.#flags],
    };
  }
}

function flagsFor(webgpu: BrowserNeeds["webgpu"]): readonly string[] {
  if (webgpu === "graphics-card") return GRAPHICS_CARD_FLAGS;
  return webgpu ? WEBGPU_FLAGS : NO_WEBGPU_FLAGS;
}
