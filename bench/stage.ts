/** Where everything is measured: the built site, a real signaling server, real browsers. */
import type { Browser } from "@playwright/test";
import { Browsers, type OwnBrowser } from "../e2e/harness/browsers";
import { Problems } from "../e2e/harness/problems";
import { serveSite, type WebServer } from "../e2e/harness/servers";
import { Signaling } from "../e2e/harness/signaling";
import { SitePage } from "../e2e/harness/site-page";

/** How a visitor comes. */
export interface Visit {
  readonly name: string;
  /** A browser process of its own, which can be stopped and killed. */
  readonly ownProcess?: boolean;
  /** Software WebGPU instead of none. */
  readonly webgpu?: boolean;
  /** Called before the page goes anywhere. */
  readonly prepare?: (page: SitePage) => Promise<void>;
  /** The site's own address if it is absent. */
  readonly url?: string;
}

/** Servers and browsers for one run of the benchmark. */
export class Stage {
  readonly site: WebServer;
  readonly #signaling: Signaling;
  readonly #browsers = new Browsers();
  readonly #visitors = new Set<SitePage>();

  static async open(): Promise<Stage> {
    const signaling = await Signaling.start();
    const site = await serveSite(() => ({
      signaling: [{ port: signaling.port, path: "/microgrid" }],
      iceServers: [],
      hub: "http://127.0.0.1:9",
    }));
    return new Stage(site, signaling);
  }

  private constructor(site: WebServer, signaling: Signaling) {
    this.site = site;
    this.#signaling = signaling;
  }

  /** Where the signaling server is. */
  get signalingUrl(): string {
    return `http://localhost:${this.#signaling.port}/microgrid`;
  }

  /** The browser that pages without needs of their own share. */
  browser(): Promise<Browser> {
    return this.#browsers.shared({ webgpu: false });
  }

  /** A browser process of its own, which the caller closes. */
  ownBrowser(): Promise<OwnBrowser> {
    return this.#browsers.own({ webgpu: false });
  }

  /** Version of the browser in use. */
  async browserVersion(): Promise<string> {
    return (await this.browser()).version();
  }

  /** Opens the site in a browser context of its own. */
  async visit({ name, url = this.site.url, ownProcess = false, webgpu = false, prepare }: Visit): Promise<SitePage> {
    const own = ownProcess ? await this.#browsers.own({ webgpu }) : undefined;
    const browser = own?.browser ?? (await this.#browsers.shared({ webgpu }));
    const context = await browser.newContext();
    const page = await context.newPage();
    const visitor = new SitePage({ page, context, own, problems: new Problems([]), name });
    this.#visitors.add(visitor);
    await prepare?.(visitor);
    await page.goto(url);
    return visitor;
  }

  /** Disposes of a visitor, no matter its state. */
  async dismiss(visitor: SitePage): Promise<void> {
    if (this.#visitors.delete(visitor)) await visitor.dispose();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#visitors].map((visitor) => visitor.dispose()));
    await this.#browsers.close();
    await Promise.all([this.site.close(), this.#signaling.kill()]);
  }
}
