import { afterEach, describe, expect, test, vi } from "vitest";
import { readConfig } from "./config";

const BASE = "https://site.example/app/";

/** Answers the page's request for the file. */
function serve(body: string, status = 200): void {
  vi.stubGlobal("fetch", async () => new Response(body, { status }));
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("the settings file of a site", () => {
  test("names servers by address, or by the port on its own host", async () => {
    serve(
      '{ "signaling": [{ "url": "https://a.example/x" }, { "port": 9, "path": "/p" }], "iceTransportPolicy": "relay" }',
    );
    const { config, problem } = await readConfig(BASE);
    expect(problem).toBeUndefined();
    expect(config.signaling).toEqual(["https://a.example/x", "https://site.example:9/p"]);
    expect(config.rtc).toEqual({ iceServers: [], iceTransportPolicy: "relay" });
  });

  test("may be absent", async () => {
    serve("not found", 404);
    expect(await readConfig(BASE)).toMatchObject({ problem: undefined, config: { signaling: [] } });
  });

  test.each([
    ["a file that is cut off", '{ "signaling": [', /JSON/],
    ["an unknown field", '{ "signalling": [] }', /signalling/],
    ["an address without https://", '{ "signaling": [{ "url": "localhost:7010" }] }', /signaling\.0/],
    ["an ICE server with the wrong field", '{ "iceServers": [{ "url": "stun:a.example" }] }', /iceServers\.0/],
    ["a TURN server without a password", '{ "iceServers": [{ "urls": "turn:a.example" }] }', /TURN server needs/],
  ])("is not used, and says why, with %s", async (_, body, reason) => {
    serve(body);
    const { config, problem } = await readConfig(BASE);
    expect(config.signaling).toEqual([]);
    expect(problem).toMatch(reason);
    expect(problem).toContain("microgrid.config.json");
  });
});
