/** The pages of the help: each link leads to a page and an anchor that exist. */
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { helpPage } from "./page.ts";

const documents = readdirSync("docs").filter((name) => name.endsWith(".md"));
const pages = new Map(documents.map((name) => helpPage(`docs/${name}`, readFileSync(`docs/${name}`, "utf8"))));

describe("helpPage", () => {
  test("names a page after its document, and titles it by the heading", () => {
    const [name, html] = helpPage("docs/rooms.md", "# Rooms & doors\n\n[Text](../README.md).");
    expect(name).toBe("rooms.html");
    expect(html).toContain("<title>Rooms &amp; doors · Microgrid</title>");
    expect(html).toContain('<h1 id="rooms--doors">Rooms &amp; doors</h1>');
    // The site does not carry the files that are in the repository only.
    expect(html).toContain("<p>Text.</p>");
  });

  test("leads links to pages, and leaves those to other sites alone", () => {
    const [, html] = helpPage(
      "docs/a.md",
      "[b](b.md#part) [card](../public/x/CARD.md) [out](https://example.org/c.md)",
    );
    for (const href of ["./b.html#part", "../x/CARD.md", "https://example.org/c.md"])
      expect(html).toContain(`href="${href}"`);
  });

  test.each([...pages])("each link of %s leads somewhere", (own, html) => {
    for (const [, href = ""] of html.matchAll(/<a href="([^"]+)"/g)) {
      if (/^\w+:|^\.\.\//.test(href)) continue;
      const [file, anchor] = href.split("#");
      const target = pages.get(file === "" ? own : file!.replace("./", ""));
      expect(target, href).toBeDefined();
      if (anchor !== undefined) expect(target, href).toContain(`id="${anchor}"`);
    }
  });
});
