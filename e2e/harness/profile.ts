/** A visitor whose browser can be closed and opened again, with everything that pages have stored. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext } from "@playwright/test";
import type { Browsers } from "./browsers";
import { Problems } from "./problems";
import { SitePage } from "./site-page";

export class Profile {
  /** The problems in all pages so far. */
  readonly problems = new Problems([]);
  readonly #browsers: Browsers;
  readonly #folder: string;
  #context: BrowserContext | undefined;

  static async create(browsers: Browsers): Promise<Profile> {
    return new Profile(browsers, await mkdtemp(join(tmpdir(), "microgrid-profile-")));
  }

  private constructor(browsers: Browsers, folder: string) {
    this.#browsers = browsers;
    this.#folder = folder;
  }

  /** Opens a tab at this address, and the browser if it is closed. */
  async open(url: string): Promise<SitePage> {
    const context = (this.#context ??= await this.#browsers.inProfile(this.#folder, { webgpu: false }));
    const page = await context.newPage();
    const name = `profile, tab ${context.pages().length - 1}`;
    this.problems.watch(page, name);
    await page.goto(url);
    return new SitePage({ page, context, own: undefined, problems: this.problems, name });
  }

  /** Closes the browser as a person would. */
  async close(): Promise<void> {
    await this.#context?.close();
    this.#context = undefined;
  }

  /** Closes the browser, and deletes the profile. */
  async remove(): Promise<void> {
    await this.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
