/** Makes `vi.waitFor` and `vi.waitUntil`, whose limits Vitest cannot configure, wait longer. */
import { vi } from "vitest";

/** As long as `expect.poll` in `vitest.config.ts`. By themselves they give up after 1 s, which a busy machine can need. */
const LIMIT_MS = 60_000;

type Limits = Parameters<typeof vi.waitFor>[1];

const longer = (limits: Limits): Limits =>
  typeof limits === "number" ? limits : { timeout: LIMIT_MS, interval: 10, ...limits };
const { waitFor, waitUntil } = vi;
vi.waitFor = (expectation, limits) => waitFor(expectation, longer(limits));
vi.waitUntil = (condition, limits) => waitUntil(condition, longer(limits));
