/** Runs before each file that shares its process and its modules with others, and refuses what would change those. */
import { afterAll, beforeAll } from "vitest";
import { type Globals, changedGlobals, globalsNow } from "./globals";
import "./no-mocks";

let before: Globals;

// After the imports of the file, since libraries may leave marks of their own when they are loaded.
beforeAll(() => {
  before = globalsNow();
});

// Hooks at the end run in reverse, so this one comes after those of the file and of `setup.ts`.
afterAll(() => {
  const changed = changedGlobals(before, globalsNow());
  if (changed.length === 0) return;
  throw new Error(
    `This file leaves ${changed.join(", ")} changed for the files after it. Use vi.stubGlobal, which is undone by itself; ` +
      "or if it cannot be undone, add the file to ISOLATED in vitest.config.ts.",
  );
});
