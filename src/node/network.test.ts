/** Which servers a node uses: the page's own, the user's, the site's; and what of it makes no sense. */
import { describe, expect, test } from "vitest";
import type { GridConfig } from "./config";
import { NodeNetwork, type NetworkPatch } from "./network";

const STUN = { urls: "stun:stun.example:3478" };
const TURN = { urls: ["turn:relay.example:3478?transport=udp", "turns:[::1]:5349"], username: "anna", credential: "x" };
const SITE: GridConfig = {
  signaling: ["https://site.example/"],
  rtc: { iceServers: [STUN] },
  hub: "https://hub.example/",
};

function network(opened: Partial<GridConfig> = {}, site = SITE): NodeNetwork {
  return new NodeNetwork(site, opened);
}

describe("the servers of a node", () => {
  test("are the site's unless the user changes them", () => {
    const { settings, hub, rtc } = network();
    expect(settings).toEqual({ signaling: SITE.signaling, iceServers: [STUN], relayOnly: false });
    expect([hub, rtc]).toEqual([SITE.hub, { iceServers: [STUN] }]);
  });

  test("are those the user has set, each setting by itself, until it is reset", () => {
    const it = network();
    it.set({ signaling: [" https://mine.example/ "] });
    expect(it.settings).toEqual({ signaling: ["https://mine.example/"], iceServers: [STUN], relayOnly: false });
    it.set({ iceServers: [TURN], relayOnly: true });
    expect(it.rtc).toEqual({ iceServers: [TURN], iceTransportPolicy: "relay" });
    expect(it.signaling).toEqual(["https://mine.example/"]);
    it.set({ signaling: undefined });
    expect(it.signaling).toEqual(SITE.signaling);
    it.set(undefined);
    expect([it.settings, it.override]).toEqual([network().settings, {}]);
  });

  test("are those with which the page was opened, whatever the user sets, and can be limited to relays", () => {
    const it = network({ signaling: ["http://opened.example/"], rtc: { iceServers: [TURN] } });
    it.set({ signaling: ["https://mine.example/"], iceServers: [STUN], relayOnly: true });
    expect(it.settings).toEqual({ signaling: ["http://opened.example/"], iceServers: [TURN], relayOnly: true });
    expect(it.rtc.iceTransportPolicy).toBe("relay");
  });

  test("may be any servers if the site wants relays only and the user does not", () => {
    const it = network({}, { ...SITE, rtc: { iceServers: [TURN], iceTransportPolicy: "relay" } });
    expect(it.settings.relayOnly).toBe(true);
    it.set({ relayOnly: false });
    expect(it.rtc.iceTransportPolicy).toBe("all");
  });

  test("are up to date for code that holds an earlier configuration", () => {
    const it = network();
    const config: GridConfig = it;
    it.set({ iceServers: [] });
    expect(config.rtc.iceServers).toEqual([]);
  });
});

describe("settings that make no sense", () => {
  test.each<[NetworkPatch | Record<string, unknown>, RegExp]>([
    [{ relayOnly: true }, /need a TURN server/],
    [{ relayOnly: true, iceServers: [STUN] }, /need a TURN server/],
    [{ signaling: [] }, /at least one/],
    [{ signaling: ["ws://mine.example"] }, /“ws:\/\/mine.example” is not the address of a signaling server/],
    [{ signaling: ["javascript:alert(1)"] }, /not the address of a signaling server/],
    [{ signaling: ["mine.example"] }, /not the address of a signaling server/],
    [{ signaling: Array(9).fill("https://mine.example") }, /Nothing was changed/],
    [{ signaling: "https://mine.example" }, /Nothing was changed/],
    [
      { iceServers: [{ urls: "https://relay.example" }] },
      /“https:\/\/relay.example” is not the address of an ICE server/,
    ],
    [{ iceServers: [{ urls: ["stun:a.example", "turn:"] }] }, /“turn:” is not the address of an ICE server/],
    [{ iceServers: [{ urls: "stun:a.example\nb" }] }, /not the address of an ICE server/],
    [{ iceServers: [{ urls: [] }] }, /Nothing was changed/],
    [{ iceServers: [{}] }, /Nothing was changed/],
    [{ iceServers: [{ urls: "turn:relay.example" }] }, /needs a user name and a password/],
    [{ iceServers: [{ ...TURN, credential: 7 }] }, /Nothing was changed/],
    [{ relayOnly: "yes" }, /Nothing was changed/],
  ])("%j are refused, and nothing changes", (patch, expected) => {
    const it = network();
    it.set({ signaling: ["https://mine.example/"] });
    const before = [it.settings, it.override];
    expect(() => it.set(patch as NetworkPatch)).toThrow(expected);
    expect([it.settings, it.override]).toEqual(before);
  });

  test("cannot remove the relay while only relays are allowed", () => {
    const it = network();
    it.set({ iceServers: [TURN], relayOnly: true });
    expect(() => it.set({ iceServers: [STUN] })).toThrow(/need a TURN server/);
    expect(it.settings.iceServers).toEqual([TURN]);
    it.set({ iceServers: [STUN], relayOnly: false });
    expect(it.settings).toMatchObject({ iceServers: [STUN], relayOnly: false });
  });
});
