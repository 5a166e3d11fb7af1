/** The pages of a run: bare ones with the models beside them, and the browser that opens them. */
import type { Browser, Page } from "@playwright/test";
import { serveBarePage } from "../../e2e/harness/bare-pages";
import type { WebServer } from "../../e2e/harness/servers";
import type { DeviceInfo } from "../../src/inference";
import { transformersFiles } from "../transformers";
import type { RandomModel } from "./random-model";
import type { WeightsFile } from "./weights-file";

/** The bare pages, and the name on `window` that each sets as soon as it can be driven. */
const PAGES = { "onnx-page": "onnx", "rivals-page": "rivals" } as const;

/** Pages and models of a run. */
export class GpuSite {
  /** By path on the site. */
  readonly files = new Map<string, Uint8Array | string | WeightsFile>(transformersFiles());
  readonly #servers = new Map<keyof typeof PAGES, Promise<WebServer>>();

  /** Puts a model on the site. Gives the name of its folder below `made/`. */
  put(model: RandomModel): string {
    const folder = model.shape.name.replaceAll(/[^\w.-]+/g, "-");
    for (const [path, content] of model.files) this.files.set(`/made/${folder}/${path}`, content);
    return folder;
  }

  /** Opens a page in a context of its own, which the caller closes. */
  async open(browser: Browser, name: keyof typeof PAGES): Promise<Page> {
    let server = this.#servers.get(name);
    if (!server) this.#servers.set(name, (server = serveBarePage(name, { made: this.files })));
    const page = await (await browser.newContext()).newPage();
    await page.goto((await server).url);
    await page.waitForFunction((ready) => ready in window, PAGES[name]);
    return page;
  }

  /** The device as a page of this browser sees it. */
  async probe(browser: Browser): Promise<DeviceInfo> {
    const page = await this.open(browser, "onnx-page");
    const device = await page.evaluate(() => window.onnx.probe());
    await page.context().close();
    return device;
  }

  async close(): Promise<void> {
    for (const server of this.#servers.values()) await (await server).close();
  }
}
