import { describe, expect, test } from "vitest";
import type { GridState, ModelOffer } from "../../grid";
import { fakeState } from "../testing/fixtures";
import { guideOffer } from "../testing/model-fixtures";
import { fakePeers } from "../testing/room-fixtures";
import { answeringModel } from "./models";

const offer = (model: string): ModelOffer => ({ ...guideOffer, model });

function state(
  local: readonly string[],
  room: readonly string[],
  privacy: GridState["policy"]["privacy"] = "room",
): GridState {
  const plain = fakeState({ loading: true, notices: false, house: false });
  const peers = fakePeers.slice(0, 1).map((peer) => ({ ...peer, offers: room.map(offer), sharing: true }));
  return {
    ...plain,
    policy: { ...plain.policy, privacy },
    loads: Object.fromEntries(local.map((id) => [id, { kind: "ready" as const, offer: offer(id) }])),
    room: {
      id: "r",
      name: "Room",
      invite: "",
      membership: { kind: "member", founder: true },
      charter: undefined,
      epoch: 0,
      mayInvite: true,
      knocks: [],
      proposals: [],
      inviteWarning: undefined,
      signaling: "connected",
      lanOnly: true,
      peers,
      share: false,
      serving: 0,
      servingModels: [],
      answeredToday: 0,
      holding: [],
      layersWanted: [],
    },
  };
}

describe("answeringModel", () => {
  test.each([
    ["the wanted one, here", ["guide", "big"], [], "big", "big"],
    ["the wanted one, in the room", ["guide"], ["big"], "big", "big"],
    ["a real model before the guide where the wanted one is nowhere", ["guide", "mid"], [], "gone", "mid"],
    ["what is here before what the room has", ["guide"], ["big"], undefined, "guide"],
    ["what the room has where nothing is here", [], ["guide", "big"], undefined, "big"],
    ["nothing where there is nothing", [], [], "big", undefined],
  ] as const)("is %s", (_name, local, room, wanted, expected) => {
    expect(answeringModel(state(local, room), wanted)?.model).toBe(expected);
  });

  test("is never one of the room if nothing may leave the device", () => {
    expect(answeringModel(state([], ["big"], "device"), "big")).toBeUndefined();
  });
});
