/** The giver of weights, against peers that do not keep to the protocol. */
import { describe, expect, it } from "vitest";
import { type BulkRange, MAX_GETS, MAX_GET_BYTES, MAX_PIECE_BYTES } from "../frames/bulk";
import { eventually } from "../testing/nodes";
import { BLOB, FILE, RANGE, seam } from "../testing/weights";
import { BulkGiver, type OpenFile } from "./giver";

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
