/** Framing splits and joins any body, and refuses messages that no honest peer sends. */
import { describe, expect, it } from "vitest";
import { randomBytes } from "../core";
import { MAX_MESSAGE_BYTES } from "./constants";
import { Reassembler, frameToMessages } from "./framing";

describe("framing", () => {
  it("joins split frames, at every size around the limits", () => {
    for (const size of [
      0,
      1,
      100,
      MAX_MESSAGE_BYTES - 7,
      MAX_MESSAGE_BYTES - 6,
      MAX_MESSAGE_BYTES,
      3 * MAX_MESSAGE_BYTES + 17,
    ]) {
      const body = new Uint8Array(size).map((_, i) => i % 251);
      const messages = frameToMessages("test", body);
      for (const message of messages) expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
      const reassembler = new Reassembler(() => 1_000_000);
      const frames = messages.map((message) => reassembler.push(message)).filter((frame) => frame !== undefined);
      expect(frames).toHaveLength(1);
      expect(frames[0]?.kind).toBe("test");
      expect(frames[0]?.body).toEqual(body);
    }
  });

  it("splits into messages of the requested size", () => {
    const body = randomBytes(20_000);
    const messages = frameToMessages("test", body, 4_400);
    expect(messages.map(({ length }) => length)).toEqual([4_400, 4_400, 4_400, 4_400, 2_414]);
    const reassembler = new Reassembler(() => 20_000);
    expect(messages.map((message) => reassembler.push(message)).at(-1)?.body).toEqual(body);
  });

  const refuses = (messages: Uint8Array[], maxBytes: number | undefined, why: RegExp): void => {
    const reassembler = new Reassembler(() => maxBytes);
    expect(() => messages.forEach((message) => reassembler.push(message))).toThrow(why);
  };
  const long = frameToMessages("test", new Uint8Array(200_000));

  it("refuses a frame by kind and size before it allocates memory", () => {
    refuses(long.slice(0, 1), 199_999, /200000 bytes of test, where 199999 are allowed/);
    refuses(frameToMessages("test", randomBytes(10)), 9, /10 bytes/);
    refuses(frameToMessages("test", randomBytes(10)), undefined, /unknown kind/);
  });

  it("refuses pieces that are out of place", () => {
    refuses(long.slice(1, 2), 1e6, /piece of no frame/);
    refuses([long[0] as Uint8Array, long[0] as Uint8Array], 1e6, /new frame inside another/);
    refuses([...long.slice(0, 3), long[1] as Uint8Array, long[1] as Uint8Array], 1e6, /wrong piece/);
    refuses([new Uint8Array(MAX_MESSAGE_BYTES + 1)], 1e6, /a message of/);
    refuses([new Uint8Array(0)], 1e6, /unreadable header/);
    refuses([new Uint8Array([0, 200, 1])], 1e6, /unreadable header/);
    refuses([new Uint8Array([1, 1, 97, 0, 0])], 1e6, /cut header/);
  });
});
