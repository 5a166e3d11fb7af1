/** Collects what goes wrong in pages without anybody looking: errors thrown, and errors on the console. */
import type { Page } from "@playwright/test";

/** What a test has said may happen. */
export type Expected = string | RegExp;

/** Every problem of one page, those that the test expects left out. */
export class Problems {
  readonly #seen: string[] = [];
  readonly #expected: Expected[];

  constructor(expected: readonly Expected[]) {
    this.#expected = [...expected];
  }

  /** Problems that contain or match this are no failure of the test; also those seen before. */
  expect(...patterns: Expected[]): void {
    this.#expected.push(...patterns);
  }

  /** Watches a page until it closes. */
  watch(page: Page, name: string): void {
    page.on("pageerror", (error) => this.#seen.push(`${name}: ${error.stack ?? error.message}`));
    page.on("crash", () => this.#seen.push(`${name}: the page crashed`));
    page.on("console", (message) => {
      if (message.type() !== "error") return;
      this.#seen.push(`${name}: console: ${message.text()} (${message.location().url})`);
    });
  }

  /** What nobody expected. */
  unexpected(): string[] {
    return this.#seen.filter(
      (problem) =>
        !this.#expected.some((each) => (typeof each === "string" ? problem.includes(each) : each.test(problem))),
    );
  }
}
