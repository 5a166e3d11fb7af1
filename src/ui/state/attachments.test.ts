import fc from "fast-check";
import { expect, test } from "vitest";
import { splitAttachments, withAttachments } from "./attachments";

/** Texts that try to look like files, besides any other. */
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom("\n", "\n\n", "```", "````", "`", 'Attached file "a":', 'Attached file "', "word", '"', "\\"),
    )
    .map((parts) => parts.join("")),
);
const attachments = fc.array(fc.record({ name: text, text }), { minLength: 1, maxLength: 3 });

test("a message tells its files apart by name and fence", () => {
  const content = withAttachments("Compare them.", [
    { name: 'my "notes".txt', text: "first" },
    { name: "b.md", text: "```js\ncode\n```" },
  ]);
  expect(content).toBe(
    'Compare them.\n\nAttached file "my \\"notes\\".txt":\n```\nfirst\n```\n\n' +
      'Attached file "b.md":\n````\n```js\ncode\n```\n````',
  );
  expect(withAttachments("  as typed ", [])).toBe("  as typed ");
});

test("files are found again, whatever they contain", () => {
  const question = text.map((typed) => typed.trim()).filter((typed) => !typed.includes("Attached file"));
  fc.assert(
    fc.property(question, attachments, (typed, files) => {
      expect(splitAttachments(withAttachments(typed, files))).toEqual({ text: typed, attachments: files });
    }),
  );
});

test("no text is lost, whatever a message looks like", () => {
  fc.assert(
    fc.property(text, fc.option(attachments), text, (before, files, after) => {
      const content = `${withAttachments(before, files ?? [])}${after}`;
      const { text: typed, attachments: found } = splitAttachments(content);
      expect(withAttachments(typed, found)).toBe(content);
    }),
  );
});

test("a message full of beginnings is read in no time", () => {
  const content = 'Attached file "a":\n```\n\n```\n\n'.repeat(100_000);
  expect(splitAttachments(content)).toEqual({ text: content, attachments: [] });
});
