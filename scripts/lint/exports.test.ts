/** Each exported name of `src/` and `workers/` is imported somewhere, tests and browser tests included. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../run/spawn.mjs";
import { unusedExports } from "./exports.mjs";

/** Pages and the build import these from outside. */
const ENTRIES = ["src/embed/index.ts", "src/package/index.ts", "src/package/elements.ts", "src/ui/styles/style-map.ts"];

describe("exported names", () => {
  it("are all imported by another file", () => {
    const paths = ["src", "workers", "e2e", "bench", "scripts"].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".ts"))
        .map((path) => `${folder}/${path.replaceAll("\\", "/")}`),
    );
    const texts = new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));
    texts.set("vite.config.ts", readFileSync(join(ROOT, "vite.config.ts"), "utf8"));
    texts.set("outside.ts", ENTRIES.map((entry) => `await import("./${entry}");`).join("\n"));
    expect(texts.size).toBeGreaterThan(500);
    expect(unusedExports(texts).filter((line) => /^(src|workers)\//.test(line))).toEqual([]);
  });

  it("are found by the statements that export and import them", () => {
    const texts = new Map(
      Object.entries({
        "a/index.ts": `export { used, type Unused } from "./one";\nexport type * from "./two";\n`,
        "a/one.ts": `export const used = 1;\nexport async function alone() {}\nexport interface Unused {}\n`,
        "a/two.ts": `export type Passed = 1;\n@customElement("x-y")\nexport class Element {}\nexport class Late {}\n`,
        "b.ts": `import {\n  used as other,\n  type Passed,\n} from "./a";\nconst { Late } = await import("./a/two");\n`,
        "c.ts": `export const [x] = [await import("./d")];\nimport * as all from "./d";\n`,
        "d.ts": `const local = 1;\nexport { local as renamed };\n`,
      }),
    );
    expect(unusedExports(texts)).toEqual(["a/index.ts: Unused", "a/one.ts: alone", "a/one.ts: Unused"]);
  });
});
