import { describe, expect, test } from "vitest";
import type { NetworkSettings } from "../../grid";
import { type NetworkDraft, networkDraft, readNetwork } from "./network-draft";

const settings: NetworkSettings = {
  signaling: ["https://signal.example.org/"],
  iceServers: [
    { urls: "stun:stun.example.org" },
    { urls: ["turn:turn.example.org:3478?transport=udp", "turns:[::1]:5349"], username: "u", credential: "c" },
  ],
  relayOnly: true,
};
const errors = (change: Partial<NetworkDraft>) => {
  const read = readNetwork({ ...networkDraft(settings), ...change });
  return read.ok ? undefined : read.errors;
};

describe("readNetwork", () => {
  test("returns the settings from which it was made", () => {
    expect(readNetwork(networkDraft(settings))).toEqual({
      ok: true,
      settings: { ...settings, iceServers: [{ urls: ["stun:stun.example.org"] }, settings.iceServers[1]] },
    });
  });

  test("reports an invalid server with its line", () => {
    const ice = [
      { urls: "https://turn.example.org", username: "", credential: "" },
      { urls: "turn:turn.example.org", username: "u", credential: "" },
      { urls: "", username: "u", credential: "" },
    ];
    expect(errors({ ice, relayOnly: false })?.ice).toEqual([
      expect.stringContaining("not the address of an ICE server"),
      "A TURN server needs a user name and a password.",
      "Enter the address of this server, or remove the row.",
    ]);
  });

  test("ignores an empty line", () => {
    const ice = [...networkDraft(settings).ice, { urls: " ", username: "", credential: "" }];
    expect(errors({ ice })).toBeUndefined();
  });

  test("requires a signaling server with an address", () => {
    expect(errors({ signaling: " " })?.signaling).toBe("Enter at least one signaling server.");
    expect(errors({ signaling: "signal.example.org" })?.signaling).toContain("not a server address");
  });

  test("requires a relay if only relayed connections are allowed", () => {
    const ice = [{ urls: "stun:stun.example.org", username: "", credential: "" }];
    expect(errors({ ice })?.relayOnly).toContain("need a TURN server");
    expect(errors({ ice, relayOnly: false })).toBeUndefined();
  });
});
