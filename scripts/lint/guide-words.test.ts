/** The guide's answers quote buttons and headings of the page: each of them has to be there, under just that name. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(path, "utf8");
const words = read("scripts/guide-model/ui-words.txt").trim().split("\n");

const answers = filesIn("scripts/guide-model", /intents_\w+\.txt$/u)
  .flatMap((path) => read(path).split("\n"))
  .filter((line) => line.startsWith("="));
const quoted = new Set(answers.flatMap((line) => Array.from(line.matchAll(/"([^"]+)"/gu), ([, word]) => word)));

const page = filesIn("src/ui", /(?<!\.test)\.ts$/u)
  .map(read)
  .join("\n");

function filesIn(folder: string, name: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => name.test(path))
    .map((path) => join(folder, path));
}

/** Whether `word` is a whole text of the page: between tags, or a string of its own. */
function isOnPage(word: string): boolean {
  const text = word.replaceAll(/[$()*+.?[\\\]^{|}]/gu, String.raw`\$&`);
  return new RegExp(String.raw`[>"}\n]\s*${text}\s*[<"\n]`, "u").test(page);
}

it("lists exactly the words that the answers quote", () => {
  expect([...quoted].sort()).toEqual(words);
});

it.each(words)("“%s” is a text of the page", (word) => {
  expect(isOnPage(word)).toBe(true);
});
