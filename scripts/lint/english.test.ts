import { ESLint } from "eslint";
import { describe, expect, it } from "vitest";
import { ROOT } from "../run/spawn.mjs";
import { areaOf, documentPlaces } from "./english-count.mjs";
import { english, englishFindings, englishInCode, englishInMarkdown } from "./english.mjs";

const found = (findings: readonly { readonly text: string }[]): string[] => findings.map(({ text }) => text);

describe("the English rule", () => {
  it.each([
    ["What a peer tells.", "What"],
    ["Reads it. Who is lost may come back.", "Who"],
    ["Whoever comes first answers.", "Whoever"],
    ["@returns What was read.", "What"],
    ["One thing.\n\nWhat another is.", "What"],
    ["- one\n- What is sent", "What"],
    ["Throws for a range that is none.", "is none"],
    ["Ranges that are none", "are none"],
    ["It is read anew.", "anew"],
    ["After so many seconds.", "so many"],
    ["It waits for ever.", "for ever"],
    ["An error that is nobody’s.", "nobody’s"],
    ["The charter of before.", "of before"],
    ["The founders were of two minds.", "of two minds"],
    ["It says nothing to who lacks the secret.", "to who"],
    ["this is no did.", "this is no"],
  ])("objects to: %s", (prose, text) => {
    expect(found(englishFindings(prose))).toEqual([text]);
  });

  it.each([
    "What is a room?",
    "Who answers, and from where?",
    "A peer tells what it has.",
    "There are none.",
    "There were so many peers that the mesh was full.",
    "None of them answered.",
    "Waits forever.",
    "What if it fails: the job is repeated.",
    "Whole files only.",
  ])("accepts: %s", (prose) => {
    expect(found(englishFindings(prose))).toEqual([]);
  });

  it("looks at comments, strings and templates, and at no other code", () => {
    const code = [
      "/**",
      " * What a room tells. It is read",
      " * What-ever else.",
      " */",
      "const a = 1; // A line that ends in",
      "// What follows it.",
      'const b = "Who leaves is lost.";',
      "const c = `${a} What is left of a template. Who leaves is lost.`;",
      'const heading = "What others see";',
      "const d = /for ever/;",
      'const e = "// anew"; /* https://x */',
      "const anew = 1;",
    ].join("\n");
    const lines = englishInCode(code).map(({ index, text }) => [code.slice(0, index).split("\n").length, text]);
    expect(lines).toEqual([
      [2, "What"],
      [7, "Who"],
      [8, "Who"],
      [11, "anew"],
    ]);
  });

  it("leaves code in documents alone", () => {
    const text =
      "# What it does\n\nIt is read `anew`.\n\n```\nfor ever\n```\n\n| What | Why |\n| - | - |\n\nWho leaves is lost.\n";
    expect(found(englishInMarkdown(text))).toEqual(["Who"]);
  });

  it("is an ESLint rule", async () => {
    const eslint = new ESLint({
      overrideConfigFile: true,
      overrideConfig: [{ files: ["**/*.mjs"], plugins: { english }, rules: { "english/plain": "error" } }],
    });
    const [result] = await eslint.lintText("// one\n// What is two.\n/* It waits\n * for ever */\n", {
      filePath: "scripts/a.mjs",
    });
    expect(result?.messages.map(({ line, column, ruleId }) => [line, column, ruleId])).toEqual([
      [4, 4, "english/plain"],
    ]);
  });
});

describe("the documents", () => {
  it("are plain English; ESLint looks at the code", () => {
    expect(documentPlaces(ROOT)).toEqual([]);
  });
});

it("areas are the folders of src, other top folders, and the documents", () => {
  expect(["src/room/door/a.ts", "e2e/a.ts", "e2e/README.md", "docs/api.md"].map(areaOf)).toEqual([
    "src/room",
    "e2e",
    "docs",
    "docs",
  ]);
});
