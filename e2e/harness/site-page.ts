/** A page of the built site, and all the ways in which it can come to an end. */
import type { Browser, BrowserContext, Page } from "@playwright/test";
import type { OwnBrowser } from "./browsers";
import type { Problems } from "./problems";

/** Everything that a page is made from. */
interface Ground {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Set if the browser belongs to this page alone. */
  readonly own: OwnBrowser | undefined;
  readonly problems: Problems;
  readonly name: string;
}

/** One visitor: a page in its own browser context, with its own storage. */
export class SitePage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly name: string;
  /** The problems in this page's tabs so far. */
  readonly problems: Problems;
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
    this.page = ground.page;
    this.context = ground.context;
    this.name = ground.name;
    this.problems = ground.problems;
  }

  /** Another tab of the same visitor. */
  async openTab(url: string = this.page.url()): Promise<SitePage> {
    const page = await this.context.newPage();
    const name = `${this.name}, tab ${this.context.pages().length}`;
    this.#ground.problems.watch(page, name);
    await page.goto(url);
    return new SitePage({ ...this.#ground, page, name });
  }

  /** Closes the tab as a user would: `pagehide` runs. */
  async leave(): Promise<void> {
    const closed = this.page.waitForEvent("close");
    await this.page.close({ runBeforeUnload: true });
    await closed;
  }

  /** Lets the page's renderer crash: nothing of the page runs any more, not even `pagehide`. */
  async crash(): Promise<void> {
    this.problems.expect("the page crashed");
    const crashed = this.page.waitForEvent("crash");
    const session = await this.context.newCDPSession(this.page);
    // The answer never comes, because the page that would send it is gone.
    session.send("Page.crash").catch(() => undefined);
    await crashed;
  }

  /** Kills the whole browser with SIGKILL, as a power cut would. Needs `ownProcess`. */
  async kill(): Promise<void> {
    await this.#own("kill").process.kill();
  }

  /**
   * Stops the page's processes (SIGSTOP): all its scripts, timers, workers and packets stop silently.
   * Needs `ownProcess`. Returns a function that continues them.
   */
  async freeze(): Promise<() => void> {
    const pids = await rendererPids(this.#own("freeze").browser);
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    return () => {
      for (const pid of pids) process.kill(pid, "SIGCONT");
    };
  }

  /** Closes everything that belongs to this page alone, in whatever state it is. */
  async dispose(): Promise<void> {
    const { own, context } = this.#ground;
    // A stopped process cannot close itself.
    await (own ? own.process.kill() : context.close());
  }

  #own(purpose: string): OwnBrowser {
    if (this.#ground.own) return this.#ground.own;
    throw new Error(`To ${purpose} a page, open it with openSite({ ownProcess: true }).`);
  }
}

async function rendererPids(browser: Browser): Promise<number[]> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
}
