/** The licences of bundled packages. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { licencesText, packageOf, unknownLicences, withCompiledIn } from "./licences.ts";

test("finds the package of a module, with the text of its licence", () => {
  const lit = packageOf(join(process.cwd(), "node_modules/lit/index.js"));
  expect(lit).toMatchObject({ name: "lit", licence: "BSD-3-Clause" });
  expect(lit?.text).toContain("Redistribution and use");
  expect(packageOf(join(process.cwd(), "node_modules/@lit/task/index.js"))?.name).toBe("@lit/task");
});

test("finds the licence of a part that has its own", () => {
  const maps = packageOf(join(process.cwd(), "node_modules/pdfjs-dist/cmaps/UniGB-UCS2-H.bcmap"));
  expect(maps).toMatchObject({ name: "pdfjs-dist/cmaps", licence: "see its text" });
  expect(maps?.text).toContain("Adobe");
});

test("adds the licence of what is compiled into a package", () => {
  const wllama = packageOf(join(process.cwd(), "node_modules/@wllama/wllama/esm/index.js"))!;
  expect(withCompiledIn(wllama)).toEqual([
    wllama,
    expect.objectContaining({
      name: "llama.cpp in @wllama/wllama",
      text: expect.stringContaining("ggml authors") as string,
    }),
  ]);
  const lit = packageOf(join(process.cwd(), "node_modules/lit/index.js"))!;
  expect(withCompiledIn(lit)).toEqual([lit]);
});

test("our own modules and those of the bundler belong to no package", () => {
  expect(packageOf(join(process.cwd(), "src/app/main.ts"))).toBeUndefined();
  expect(packageOf("\0vite/preload-helper.js")).toBeUndefined();
});

test("lists the names first, then each text", () => {
  const text = licencesText([{ name: "a", version: "1.0.0", licence: "MIT", text: "Be nice." }]);
  expect(text).toContain("- a 1.0.0 (MIT)");
  expect(text).toMatch(/a 1\.0\.0 \(MIT\)\n\nBe nice\.\n$/);
});

test("finds licences that nobody has agreed to", () => {
  const licences = ["MIT", "(MPL-2.0 OR Apache-2.0)", "GPL-3.0-only", "MIT AND GPL-3.0-only", "see its text", ""];
  const packages = licences.map((licence) => ({ name: licence, version: "1.0.0", licence, text: "" }));
  expect(unknownLicences(packages).map(({ name }) => name)).toEqual(licences.slice(2));
});
