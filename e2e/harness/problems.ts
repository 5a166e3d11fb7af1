/** Collects problems in pages that a test would not see: errors thrown, and errors on the console. */
import type { Page } from "@playwright/test";

/** A problem that a test expects. */
export type Expected = string | RegExp;

/** All problems of one page except those that the test expects. */
export class Problems {
  readonly #seen: string[] = [];
  readonly #expected: Expected[];

  constructor(expected: readonly Expected[]) {
    this.#expected = [...expected];
  }

  /** Problems that contain or match this do not fail the test, not even those seen before. */
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

  /** All unexpected problems. */
  unexpected(): string[] {
    return this.#seen.filter(
      (problem) =>
        !this.#expected.some((each) => (typeof each === "string" ? problem.includes(each) : each.test(problem))),
    );
  }
}
