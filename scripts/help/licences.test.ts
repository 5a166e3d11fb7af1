/** The licences of bundled packages. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { licencesText, packageOf } from "./licences.ts";

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

test("our own modules and those of the bundler belong to no package", () => {
  expect(packageOf(join(process.cwd(), "src/app/main.ts"))).toBeUndefined();
  expect(packageOf("\0vite/preload-helper.js")).toBeUndefined();
});

test("lists the names first, then each text", () => {
  const text = licencesText([{ name: "a", version: "1.0.0", licence: "MIT", text: "Be nice." }]);
  expect(text).toContain("- a 1.0.0 (MIT)");
  expect(text).toMatch(/a 1\.0\.0 \(MIT\)\n\nBe nice\.\n$/);
});
