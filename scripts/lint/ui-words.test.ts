import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { uiWordFindings } from "./ui-words.mjs";

const SRC = join(import.meta.dirname, "..", "..", "src");

describe("the words of the page", () => {
  it.each([
    ["a sentence", 'const text = "Only a founder can do this.";', "founder"],
    ["a template's text", "html`<p>No house ${vouches}</p>`;", "house"],
    ["a label in a template", 'html`<wa-input label="Your name, as peers see it"></wa-input>`;', "peers"],
    ["a sentence with values", "const text = `${count} founders must agree`;", "founders"],
  ])("are looked at in %s", (_, code, word) => {
    expect(uiWordFindings(code).map((finding) => finding.word)).toEqual([word]);
  });

  it.each([
    'if (kind === "houses") return;',
    'html`<mg-peer-row .peer=${peer} class="house"></mg-peer-row>`;',
    "css`.house { color: red }`;",
    '// A peer of the house.\nimport { house } from "./my house";',
  ])("leave code alone: %s", (code) => {
    expect(uiWordFindings(code)).toEqual([]);
  });

  it("are people's words in everything that the page shows", () => {
    const files = ["ui", "embed"].flatMap((folder) =>
      readdirSync(join(SRC, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
    );
    const shown = files.filter((file) => file.endsWith(".ts") && !/\.test\.ts$|[\\/]testing[\\/]/.test(file));
    expect(shown.length).toBeGreaterThan(100);
    const findings = shown.flatMap((file) =>
      uiWordFindings(readFileSync(join(SRC, file), "utf8")).map(
        ({ line, word, better }) => `${file}:${line} “${word}”: say ${better}`,
      ),
    );
    expect(findings).toEqual([]);
  });
});
