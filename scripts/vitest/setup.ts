/** Runs before each file of unit tests, and undoes after it what Vitest can undo. */
import { afterAll, vi } from "vitest";
import "./waits";

afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});
