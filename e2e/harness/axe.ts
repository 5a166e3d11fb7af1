/** The rules of axe-core on a page, or on one element of it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Page, expect } from "@playwright/test";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The part of axe-core's result that a person needs to mend it. */
interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary: string }[];
}

/** Runs in the page. The page's own landmarks and headings are not the element's business. */
async function violations(only: string | undefined): Promise<Violation[]> {
  const { axe } = window as unknown as {
    axe: { run(context: unknown, options: unknown): Promise<{ violations: Violation[] }> };
  };
  const rules = only === undefined ? {} : { region: { enabled: false }, "page-has-heading-one": { enabled: false } };
  return (await axe.run(only ?? document, { rules })).violations;
}

/** Asserts that axe-core finds nothing, in both themes; `only` is the selector of an element in a page of others. */
export async function isAccessible(page: Page, view: string, only?: string): Promise<void> {
  await page.evaluate(axe);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // Colours follow the theme a few frames later.
    await expect(async () => {
      const found = (await page.evaluate(violations, only)).map(({ id, nodes }) => ({
        id,
        nodes: nodes.map(({ target, failureSummary }) => `${target.flat().join(" ")}: ${failureSummary}`),
      }));
      expect(found, `${view}, ${colorScheme}`).toEqual([]);
    }).toPass({ timeout: 20_000 });
  }
  await page.emulateMedia({ colorScheme: "light" });
}
