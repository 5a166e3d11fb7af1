/** Weights between the members of a room, over its links. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Bytes, type Did, deferred, encodeCbor } from "../../core";
import { frameToMessages } from "../../wire/framing";
import { type MemoryLink, MemorySignaling } from "../../wire/testing/memory-transport";
import { MAX_GETS, MAX_GET_BYTES } from "../frames/bulk";
import { TestNodes, eventually, together } from "../testing/nodes";
import { BLOB, FILE, MODEL, same } from "../testing/weights";

const signal = new AbortController().signal;

/** Sends on a line that may be closed already. */
function sendAnyway(channel: MemoryLink["bulk"], message: Bytes): void {
  try {
    channel.send(message);
  } catch {
    // It is.
  }
}

describe("members of a room", () => {
  let signaling = new MemorySignaling();
  let nodes = new TestNodes(signaling);
  afterEach(() => {
    nodes.leave();
    signaling = new MemorySignaling();
    nodes = new TestNodes(signaling);
  });

  async function two() {
    const host = await nodes.open();
    const guest = await nodes.enter(host.invite);
    await together([host, guest]);
    return { giver: host.session.inside!.weights, taker: guest.session.inside!.weights, host, guest };
  }

  it("receive exactly the bytes that they request, several ranges at once", async () => {
    const { giver, taker, host, guest } = await two();
    giver.open = (file, from) => {
      expect([file, from]).toEqual([{ ...MODEL, location: "weights" }, guest.did]);
      return Promise.resolve(BLOB);
    };
    const source = taker.source(host.did as Did, MODEL);
    const ranges = Array.from({ length: 2 * MAX_GETS }, (_, i) => [i * 10_000, 100_000 + i] as const);
    await Promise.all(
      [...ranges, [0, FILE.length] as const, [5, 0] as const].map(async ([offset, length]) => {
        expect(await same(await source.read("weights", offset, length, { signal }), offset, length)).toBe(true);
      }),
    );
  });

  it("are told if bytes are missing, withheld or unreadable", async () => {
    const { giver, taker, host } = await two();
    const read = (offset = 0) => taker.source(host.did as Did, MODEL).read("weights", offset, 10, { signal });
    await expect(read()).rejects.toMatchObject({
      code: "file-missing",
      message: expect.stringMatching(/does not have weights/) as string,
    });
    giver.open = () => Promise.resolve(BLOB);
    await expect(read(FILE.length - 9)).rejects.toMatchObject({ code: "file-missing" });
    await expect(read(-1)).rejects.toMatchObject({ code: "bad-request" });
    giver.open = () => Promise.reject(new Error("disk"));
    await expect(read()).rejects.toMatchObject({
      code: "network",
      message: expect.stringMatching(/could not read/) as string,
    });
    giver.open = () => Promise.resolve(BLOB);
    expect(await same(await read(7), 7, 10)).toBe(true);
  });

  it("learn when the giver leaves", async () => {
    const { giver, taker, host } = await two();
    const asked = deferred<void>();
    giver.open = () => {
      asked.resolve();
      return new Promise(() => undefined);
    };
    const read = taker.source(host.did as Did, MODEL).read("weights", 0, 10, { signal });
    read.catch(() => undefined);
    await asked.promise;
    host.session.leave();
    await expect(read).rejects.toMatchObject({ code: "peer-lost" });
  });

  it.each([
    ["a negative range", { offset: -1 }],
    ["half a byte", { offset: 0.5 }],
    ["nothing", { length: 0 }],
    ["more than may be asked for at once", { length: MAX_GET_BYTES + 1 }],
    ["a place beyond all files", { offset: 2 ** 53 }],
  ])("end the link to a member that requests %s", async (_, wrong) => {
    const { giver, host } = await two();
    const open = vi.spyOn(giver, "open");
    const body = encodeCbor({ get: "0".repeat(16), ...MODEL, location: "weights", offset: 0, length: 1, ...wrong });
    // All lines of both sides; that of the two is the one that stays, and the others are closed.
    for (const { bulk } of signaling.links) {
      for (const message of frameToMessages("bulk.get", body)) sendAnyway(bulk, message);
    }
    await eventually(() => expect(host.session.inside!.links).toBe(0));
    expect(open).not.toHaveBeenCalled();
  });

  it("stop a transfer at both ends when it is cancelled", async () => {
    const { giver, taker, host } = await two();
    const controller = new AbortController();
    let stopped: AbortSignal | undefined;
    giver.open = (_file, _from, options) => {
      stopped = options.signal;
      return Promise.resolve(BLOB);
    };
    const source = taker.source(host.did as Did, MODEL);
    const read = source.read("weights", 0, FILE.length, { signal: controller.signal });
    await eventually(() => expect(stopped).toBeDefined());
    controller.abort(new Error("enough"));
    await expect(read).rejects.toThrow("enough");
    await eventually(() => expect(stopped!.aborted).toBe(true));
    expect(await same(await source.read("weights", 9, 10, { signal }), 9, 10)).toBe(true);
  });
});
