/** Refuses calls that would change modules for other files of the same process. */
import { vi } from "vitest";

for (const name of ["mock", "doMock", "resetModules"] as const)
  vi[name] = () => {
    throw new Error(
      `vi.${name} changes modules that this file shares with others. Pass in what the test replaces; ` +
        "or if that cannot be done, add the file to ISOLATED in vitest.config.ts.",
    );
  };
