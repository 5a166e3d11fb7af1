/** Weights between the members of a room: over its links, and against peers that do not keep to the protocol. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Bytes, type Did, deferred, encodeCbor } from "../../core";
import { frameToMessages } from "../../wire/framing";
import { type MemoryLink, MemorySignaling } from "../../wire/testing/memory-transport";
import {
  type BulkBody,
  type BulkFrame,
  type BulkRange,
  MAX_GETS,
  MAX_GET_BYTES,
  MAX_PIECE_BYTES,
} from "../frames/bulk";
import { BulkGiver, type OpenFile } from "./giver";
import { BulkTaker } from "./taker";
import { TestNodes, eventually, together } from "../testing/nodes";

const MODEL = { model: "o/m", graph: "onnx/model.onnx", weightsHash: "hash" };
const FILE = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7 + (i >> 11)) % 251);
const BLOB = new Blob([FILE]);
const signal = new AbortController().signal;

async function same(blob: Blob, offset: number, length: number): Promise<boolean> {
  return Buffer.compare(Buffer.from(await blob.arrayBuffer()), FILE.subarray(offset, offset + length)) === 0;
}

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

/** One end of a link without the link: what it sends, and what it says of its peer. */
function seam() {
  const sent: BulkFrame[] = [];
  const accuse = vi.fn<(what: string) => void>();
  const lane = {
    send: (kind: string, body: unknown) => {
      sent.push({ kind, body } as BulkFrame);
      return Promise.resolve();
    },
  } as ConstructorParameters<typeof BulkTaker>[0];
  const of = <K extends BulkFrame["kind"]>(kind: K): BulkBody<K>[] =>
    sent.flatMap((frame) => (frame.kind === kind ? [frame.body as BulkBody<K>] : []));
  return { sent, accuse, lane, of };
}

const RANGE: BulkRange = { ...MODEL, location: "weights", offset: 0, length: 100_000 };

function giver(open: OpenFile = () => Promise.resolve(BLOB)) {
  const { lane, accuse, ...rest } = seam();
  const link = { marks: 0 };
  const markBusy = () => {
    link.marks++;
    return () => link.marks--;
  };
  const end = new BulkGiver(lane, { open, accuse, markBusy });
  const get = (id: number, range: Partial<BulkRange> = {}): string => {
    const name = id.toString(16).padStart(16, "0");
    end.get({ get: name, ...RANGE, ...range });
    return name;
  };
  return { ...rest, accuse, end, get, link };
}

describe("a giver", () => {
  it("keeps its link in use while a request is open", async () => {
    const { end, get, of, link } = giver();
    const [short, long] = [get(1, { length: 10 }), get(2, { length: FILE.length }), get(3)];
    get(4, { offset: FILE.length });
    expect(link.marks).toBe(4);
    await eventually(() => expect(of("bulk.piece").some(({ get: name }) => name === long)).toBe(true));
    end.got({ get: short, upTo: 10 });
    expect(link.marks).toBe(3);
    end.cancel({ get: long });
    expect(link.marks).toBe(2);
    await eventually(() => expect(of("bulk.ended").at(-1)).toMatchObject({ why: "missing" }));
    expect(link.marks).toBe(1);
    end.close();
    expect(link.marks).toBe(0);
  });

  it("has a limited amount in flight, and continues when that is confirmed", async () => {
    const { end, get, of } = giver();
    const name = get(1, { length: FILE.length });
    const bytes = (): number => of("bulk.piece").reduce((sum, piece) => sum + piece.bytes.length, 0);
    await eventually(() => expect(bytes()).toBe(8 * MAX_PIECE_BYTES));
    end.got({ get: name, upTo: MAX_PIECE_BYTES });
    await eventually(() => expect(bytes()).toBeGreaterThan(8 * MAX_PIECE_BYTES));
    expect(of("bulk.piece").every(({ bytes: piece }) => piece.length <= MAX_PIECE_BYTES)).toBe(true);
  });

  it("ends a link that asks for too much at once, or twice under one name", () => {
    const { get, accuse } = giver(() => new Promise(() => undefined));
    for (let i = 0; i < MAX_GETS; i++) get(i);
    expect(accuse).not.toHaveBeenCalled();
    get(0);
    expect(accuse).toHaveBeenCalledTimes(1);
    get(MAX_GETS);
    expect(accuse).toHaveBeenCalledTimes(2);
  });

  it("ends a link that confirms bytes it has not received, and ignores late confirmations", async () => {
    const { end, get, of, accuse } = giver();
    const name = get(1);
    await eventually(() => expect(of("bulk.piece").length).toBeGreaterThan(1));
    end.got({ get: name, upTo: MAX_PIECE_BYTES });
    end.got({ get: "f".repeat(16), upTo: 5 });
    end.cancel({ get: "f".repeat(16) });
    expect(accuse).not.toHaveBeenCalled();
    end.got({ get: name, upTo: MAX_PIECE_BYTES });
    expect(accuse).toHaveBeenCalledTimes(1);
    end.got({ get: name, upTo: MAX_GET_BYTES });
    expect(accuse).toHaveBeenCalledTimes(2);
  });

  it("stops a cancelled transfer, and starts the next one at once", async () => {
    const { end, get, of } = giver();
    const [first, second] = [get(1, { length: FILE.length }), get(2, { length: 10 })];
    await eventually(() => expect(of("bulk.piece")).toHaveLength(8));
    end.cancel({ get: first });
    await eventually(() => expect(of("bulk.piece").at(-1)).toMatchObject({ get: second, at: 0 }));
    expect(of("bulk.ended")).toEqual([{ get: first, why: "cancelled" }]);
  });
});

function taker(silenceMs = 10_000) {
  const { lane, accuse, ...rest } = seam();
  const end = new BulkTaker(lane, { accuse, silenceMs });
  const take = (range: Partial<BulkRange> = {}, own = signal): Promise<Blob> => {
    const taken = end.take({ ...RANGE, ...range }, own);
    taken.catch(() => undefined);
    return taken;
  };
  const piece = (get: string, at: number, length: number): void =>
    end.piece({ get, at, bytes: FILE.slice(at, at + length) });
  return { ...rest, accuse, end, take, piece };
}

describe("a taker", () => {
  it("puts the pieces together and confirms each", async () => {
    const { take, piece, of } = taker();
    const whole = take({ length: 30 });
    const { get } = of("bulk.get")[0]!;
    piece(get, 0, 20);
    piece(get, 20, 10);
    expect(await same(await whole, 0, 30)).toBe(true);
    expect(of("bulk.got").map(({ upTo }) => upTo)).toEqual([20, 30]);
  });

  it.each([
    ["that nobody asked for", "f".repeat(16), 0, 10],
    ["with a gap before it", undefined, 11, 5],
    ["that it has already", undefined, 0, 10],
    ["that goes beyond the end", undefined, 10, 91],
  ])("ends a link that sends a piece %s", (_, name, at, length) => {
    const { take, piece, of, accuse } = taker();
    void take({ length: 100 });
    const { get } = of("bulk.get")[0]!;
    piece(get, 0, 10);
    expect(accuse).not.toHaveBeenCalled();
    piece(name ?? get, at, length);
    expect(accuse).toHaveBeenCalledTimes(1);
  });

  it("ends a link that sends more after the last piece", async () => {
    const { take, piece, of, accuse } = taker();
    const whole = take({ length: 10 });
    const { get } = of("bulk.get")[0]!;
    piece(get, 0, 10);
    await whole;
    piece(get, 10, 1);
    expect(accuse).toHaveBeenCalledTimes(1);
  });

  it("has few requests open, however many are wanted, and sends the next when one has ended", async () => {
    const { end, take, of } = taker();
    const controller = new AbortController();
    const left = take({}, controller.signal);
    for (let i = 0; i < 2 * MAX_GETS; i++) void take();
    const waiting = take({}, controller.signal);
    expect(of("bulk.get")).toHaveLength(MAX_GETS);
    end.end({ get: of("bulk.get")[1]!.get, why: "missing" });
    await eventually(() => expect(of("bulk.get")).toHaveLength(MAX_GETS + 1));
    controller.abort(new Error("enough"));
    await expect(left).rejects.toThrow("enough");
    await expect(waiting).rejects.toThrow("enough");
    await eventually(() => expect(of("bulk.get")).toHaveLength(MAX_GETS + 2));
    end.close("it has left");
    await expect(take()).rejects.toMatchObject({ code: "peer-lost" });
    expect(of("bulk.get")).toHaveLength(MAX_GETS + 2);
  });

  it("ignores pieces that were in flight when it cancelled, but no more than those", async () => {
    const { take, piece, of, end, accuse } = taker();
    const controller = new AbortController();
    const whole = take({ length: 100 }, controller.signal);
    const { get } = of("bulk.get")[0]!;
    piece(get, 0, 10);
    controller.abort(new Error("enough"));
    await expect(whole).rejects.toThrow("enough");
    expect(of("bulk.cancel")).toEqual([{ get }]);
    piece(get, 10, 10);
    expect([accuse.mock.calls, of("bulk.got").length]).toEqual([[], 1]);
    end.end({ get, why: "cancelled" });
    piece(get, 20, 10);
    expect(accuse).toHaveBeenCalledTimes(1);
  });

  it("gives up on a silent member, but not on a slow one", async () => {
    vi.useFakeTimers();
    try {
      const { take, piece, of } = taker(10_000);
      const whole = take({ length: 100 });
      const { get } = of("bulk.get")[0]!;
      for (let at = 0; at < 50; at += 10) {
        await vi.advanceTimersByTimeAsync(9_000);
        piece(get, at, 10);
      }
      expect(of("bulk.cancel")).toEqual([]);
      await vi.advanceTimersByTimeAsync(10_000);
      await expect(whole).rejects.toMatchObject({
        code: "network",
        message: expect.stringMatching(/nothing for 10 s/) as string,
      });
      expect(of("bulk.cancel")).toEqual([{ get }]);
    } finally {
      vi.useRealTimers();
    }
  });
});
