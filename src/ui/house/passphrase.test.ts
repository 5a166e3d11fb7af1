import { expect, test } from "vitest";
import { passphraseProblem } from "./passphrase";

test("a passphrase is long, varied, and the same twice", () => {
  expect(passphraseProblem("horse battery", "horse battery")).toBe("");
  expect(passphraseProblem("short", "short")).toContain("12 characters");
  expect(passphraseProblem("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa")).toContain("repeats");
  expect(passphraseProblem("horse battery", "horse batterz")).toContain("do not match");
});
