import { expect, onTestFinished, test, vi } from "vitest";
import { changedGlobals, globalsNow } from "./globals";

test("globals that came, went or changed are named, and others are not", () => {
  const before = globalsNow();
  expect(changedGlobals(before, globalsNow())).toEqual([]);
  onTestFinished(() => void vi.unstubAllGlobals());
  vi.stubGlobal("document", {});
  vi.stubGlobal("fetch", () => undefined);
  expect(changedGlobals(before, globalsNow()).sort()).toEqual(["document", "fetch"]);
  expect(changedGlobals(globalsNow(), before).sort()).toEqual(["document", "fetch"]);
  vi.unstubAllGlobals();
  expect(changedGlobals(before, globalsNow())).toEqual([]);
});

test("functions of WebCrypto are looked at too", () => {
  const before = globalsNow();
  const verify = vi.spyOn(crypto.subtle, "verify");
  expect(changedGlobals(before, globalsNow())).toEqual(["crypto.subtle.verify"]);
  verify.mockRestore();
  expect(changedGlobals(before, globalsNow())).toEqual([]);
});

test("a file that shares its modules cannot replace them", () => {
  expect(() => vi.doMock("./globals")).toThrow("ISOLATED");
  expect(() => vi.resetModules()).toThrow("ISOLATED");
});
