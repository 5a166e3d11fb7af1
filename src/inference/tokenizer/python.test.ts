import { describe, expect, it } from "vitest";
import { ChatTemplate } from "./chat-template";

const written = (expression: string): string =>
  new ChatTemplate(`{%- set text = messages[0].content -%}{{ ${expression} }}`, {}).write([
    { role: "user", content: "  Über 7, 8!\n" },
  ]);

// The right column was computed by Python and its Jinja.
describe("templates", () => {
  it.each([
    ["'{0} and {1:.2f}, {name:>4}|'.format('a', 2, name='b')", "a and 2.00,    b|"],
    ["'{:05d} {:,} {{x}}'.format(42, 1234567)", "00042 1,234,567 {x}"],
    ["'%s is %d, %05.1f%%' % ('a', 3, 2.26)", "a is 3, 002.3%"],
    ["'%s' % text.strip()", "Über 7, 8!"],
    ["text.find('7')", "7"],
    ["text[text.find('b'):text.rfind(',')]", "ber 7"],
    ["'😀x'.find('x')", "1"],
    ["text.find('9')", "-1"],
    ["text.count('b')", "1"],
    ["text.strip('\\n')", "  Über 7, 8!"],
    ["'xxaxx'.lstrip('x') + '|' + 'xxaxx'.rstrip('x')", "axx|xxa"],
    ["text.strip()", "Über 7, 8!"],
    ["','.join(['a', 'b'])", "a,b"],
    ["'a\\nb\\n'.splitlines()|length", "2"],
    ["'a-b-c'.rsplit('-', 1)[0]", "a-b"],
    ["'k=v=w'.partition('=')[2]", "v=w"],
    ["'pre-x'.removeprefix('pre-') + 'x.y'.removesuffix('.y')", "xx"],
    ["'x' if '12'.isdigit() and not 'a1'.isalpha() and 'a1'.isalnum()", "x"],
    ["'7'.zfill(3)", "007"],
    ["'ab' * 2", "abab"],
    ["-7 % 3", "2"],
    ["3 * 4", "12"],
    ["2.567|round(1)", "2.6"],
    ["[1, 2, 3]|sum + [1, 5]|max", "11"],
    ["[1, 2]|count", "2"],
    ["nothing|d('x')", "x"],
    ["'a b'|wordcount", "2"],
    ["true|string ~ none|string ~ 1.5|string", "TrueNone1.5"],
    [
      `{'a': [1, true, none, "it's", 'say "x"', "both ' and \\""], 'ü\n': {}}|string`,
      `{'a': [1, True, None, "it's", 'say "x"', 'both \\' and "'], 'ü\\n': {}}`,
    ],
  ])("%s", (expression, expected) => {
    expect(written(expression)).toBe(expected);
  });

  it("name what they need and cannot have", () => {
    expect(() => written("text.encode('utf-8')")).toThrow(/chat template of this model/);
    expect(() => written("text.index('9')")).toThrow(/“9” is not part/);
  });
});
