import { describe, expect, it } from "vitest";
import { parsePythonJson } from "./json";

describe("parsePythonJson", () => {
  it.each([
    ['{"a":1}', { a: 1 }],
    ['\ufeff{"a":1}', { a: 1 }],
    ['{"a":NaN,"b":[Infinity,-Infinity]}', { a: null, b: [Infinity, -Infinity] }],
    [
      '\ufeff[NaN, "NaN", "say \\"Infinity\\" \\\\", {"Infinity": 1}]',
      [null, "NaN", 'say "Infinity" \\', { Infinity: 1 }],
    ],
  ])("reads %j", (text, value) => {
    expect(parsePythonJson(text)).toEqual(value);
  });

  it.each(["", "{", "nan", "NaNs", '{"a":Infinity', "<html>NaN</html>"])("refuses %j", (text) => {
    expect(() => parsePythonJson(text)).toThrow(SyntaxError);
  });

  it("reads long texts beside such numbers", () => {
    const long = "x\\n".repeat(2e6);
    expect(parsePythonJson(`["${long}",NaN]`)).toEqual(["x\n".repeat(2e6), null]);
  });
});
