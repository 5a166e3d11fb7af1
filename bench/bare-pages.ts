/** Bare pages of `e2e/`, without the app: one page, opened as often as a group needs it, each as a visitor of its own. */
import type { BrowserContext, Page } from "@playwright/test";
import type { OwnBrowser } from "../e2e/harness/browsers";
import { serveBarePage } from "../e2e/harness/bare-pages";
import type { WebServer } from "../e2e/harness/servers";
import type { Stage } from "./stage";

/** One page that is open. */
export interface BarePage {
  readonly page: Page;
  /** Ends it as a power cut would, where it has a browser process of its own; else closes it. */
  kill(): Promise<void>;
}

/** A folder below `e2e/`, built and served. */
export class BarePages {
  readonly #site: WebServer;
  readonly #stage: Stage;
  readonly #ready: string;
  readonly #contexts: BrowserContext[] = [];
  readonly #browsers: OwnBrowser[] = [];

  /** `ready` is the name on `window` that a page sets as soon as it can be driven. */
  static async serve(stage: Stage, folder: string, ready: string): Promise<BarePages> {
    return new BarePages(await serveBarePage(folder), stage, ready);
  }

  private constructor(site: WebServer, stage: Stage, ready: string) {
    this.#site = site;
    this.#stage = stage;
    this.#ready = ready;
  }

  /** Opens the page in a context of its own and waits until it can be driven. */
  async open({ ownProcess = false }: { readonly ownProcess?: boolean } = {}): Promise<BarePage> {
    const own = ownProcess ? await this.#stage.ownBrowser() : undefined;
    if (own) this.#browsers.push(own);
    const context = await (own?.browser ?? (await this.#stage.browser())).newContext();
    this.#contexts.push(context);
    const page = await context.newPage();
    await page.goto(this.#site.url);
    await page.waitForFunction((name) => name in window, this.#ready);
    return { page, kill: () => (own ? own.process.kill() : context.close()) };
  }

  /** Closes all pages, those included that were killed, and the server. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#browsers.map(({ process }) => process.kill()));
    await Promise.allSettled(this.#contexts.map((context) => context.close()));
    await this.#site.close();
  }
}
