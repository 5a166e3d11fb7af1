import { afterEach, expect, it, vi } from "vitest";
import { reasonOf, unreachable } from "./download-errors";
import { request } from "./web";

const HERE = "https://site.example/models/guide/config.json";
const ELSEWHERE = "https://hub.example/config.json";
const failure = new TypeError("Failed to fetch");

afterEach(() => vi.unstubAllGlobals());

it("tells of refusals by other hosts only: a site lets its own pages read its files", async () => {
  vi.stubGlobal("location", new URL("https://site.example/"));
  vi.stubGlobal("fetch", () => Promise.reject(failure));
  const { signal } = new AbortController();

  expect(reasonOf(failure, HERE)).toBe("the host cannot be reached");
  expect(unreachable(HERE, "config.json", failure).message).toBe(
    "config.json could not be downloaded from site.example: the host cannot be reached. Check the connection. " +
      "The part that was downloaded is kept.",
  );
  await expect(request(HERE, signal)).rejects.toThrow(/^site\.example cannot be reached\. Check the connection\.$/);

  expect(reasonOf(failure, ELSEWHERE)).toContain("does not allow this page");
  expect(unreachable(ELSEWHERE, "config.json", failure).message).toContain("(CORS)");
  await expect(request(ELSEWHERE, signal)).rejects.toThrow("(CORS)");
});
