import { describe, expect, test } from "vitest";
import { MicrogridError } from "../../core";
import { type GridState, type NodeApi, type RoomState, followNode } from "../../node";
import { GridIdentity } from "./identity";
import { GridPipelines } from "./pipelines";
import { GridRoom } from "./room";

/** Every value that a script may pass by mistake. */
const WRONG = [undefined, null, 7, "text", true, [], {}, Symbol("s"), () => undefined];

const state = {
  node: { did: "did:key:z", name: "n", house: { keyHere: true } },
  pipelines: [],
} as unknown as GridState;

/** The objects of the API, over a node that knows no method. */
function views(): Record<string, object> {
  const node = followNode(async () => new Proxy({}, { get: (_, key) => (key === "then" ? undefined : {}) }) as NodeApi);
  return {
    room: new GridRoom({ id: "r", name: "r", invite: "", peers: [] } as unknown as RoomState, node.room),
    pipelines: new GridPipelines({ node: node.pipelines, state: () => state }),
    identity: new GridIdentity({ node, state: () => state, parts: [] }),
  };
}

/** Methods that take arguments and return promises. */
const METHODS = Object.entries({
  room: ["share", "answerByHand", "makeInvite", "admit", "decline", "remove", "amend", "endorse", "leave"],
  pipelines: ["plan", "open"],
  identity: [
    "rename",
    "createHouse",
    "restoreHouse",
    "delegate",
    "adopt",
    "revoke",
    "backupHouse",
    "exportAll",
    "previewBackup",
    "restoreBackup",
  ],
}).flatMap(([view, methods]) => methods.map((method) => [view, method] as const));

describe("a method of the public API", () => {
  test.each(METHODS)("rejects with a MicrogridError: %s.%s", async (view, method) => {
    for (const first of WRONG) {
      for (const second of WRONG) {
        const object = views()[view] as Record<string, (...args: readonly unknown[]) => Promise<unknown>>;
        const error = await object[method]!(first, second).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(MicrogridError);
      }
    }
  });
});
