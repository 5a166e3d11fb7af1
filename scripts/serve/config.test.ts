import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { siteConfig } from "./config.mjs";

let dist: string;

beforeEach(async () => {
  dist = await mkdtemp(join(tmpdir(), "microgrid-config-"));
});

afterEach(() => rm(dist, { recursive: true }));

test("the file of a site is served as it is, and may be absent", async () => {
  expect(await siteConfig(dist)).toEqual({});
  const file = { iceServers: [{ urls: "stun:stun.example:3478" }] };
  await writeFile(join(dist, "microgrid.config.json"), JSON.stringify(file));
  expect(await siteConfig(dist)).toEqual(file);
});

test.each([
  ["{", /JSON/],
  ['{ "iceservers": [] }', /iceservers/],
])("the server does not start with the file %s", async (text, reason) => {
  await writeFile(join(dist, "microgrid.config.json"), text);
  await expect(siteConfig(dist)).rejects.toThrow(reason);
});
