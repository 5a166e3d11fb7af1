import { describe, expect, it, vi } from "vitest";
import { MicrogridError } from "../core";
import { MAX_GATHERED_EVENTS, STREAM_CREDITS } from "./protocol";
import { StreamReader, sendStream } from "./stream";
import type { GenerationEvent } from "./types";

const token = (id: number): GenerationEvent => ({ type: "token", text: `${id} `, ids: [id] });

/** A stream through a real channel; `made` counts what the engine was made to compute. */
function connect(source: (signal: AbortSignal) => AsyncIterable<GenerationEvent>) {
  const { port1, port2 } = new MessageChannel();
  return { reader: new StreamReader(port1), sent: sendStream(port2, source), port: port1 };
}

async function* numbers(count: number, made: { count: number; ended: boolean }, signal: AbortSignal) {
  try {
    for (; made.count < count && !signal.aborted;) yield token(made.count++);
  } finally {
    made.ended = true;
  }
}

describe("a stream between threads", () => {
  it("brings every event once and in order, and then ends", async () => {
    const made = { count: 0, ended: false };
    const { reader } = connect((signal) => numbers(1000, made, signal));
    const ids: number[] = [];
    for await (const event of reader.events) if (event.type === "token") ids.push(...event.ids);
    expect(ids).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  });

  it("holds the engine back while nobody reads", async () => {
    const made = { count: 0, ended: false };
    const { reader } = connect((signal) => numbers(100_000, made, signal));
    const events = reader.events[Symbol.asyncIterator]();
    await events.next();
    // Let everything settle that can: the engine stops by itself, far from the end.
    let before = -1;
    await vi.waitUntil(() => made.count === before || ((before = made.count), false), { interval: 30 });
    expect(made.count).toBeLessThan(64 + (STREAM_CREDITS + 2) * MAX_GATHERED_EVENTS);
    await events.return?.();
    await vi.waitUntil(() => made.ended);
  });

  it("stops the engine when the reader leaves", async () => {
    const made = { count: 0, ended: false };
    const { reader, sent } = connect((signal) => numbers(1e9, made, signal));
    for await (const event of reader.events) if (event.type === "token" && event.ids[0] === 5) break;
    await sent;
    expect(made.ended).toBe(true);
  });

  it("brings what came before an error, and then the error with its code", async () => {
    const { reader } = connect(async function* () {
      yield token(1);
      await Promise.resolve();
      throw new MicrogridError("context-exceeded", "too long");
    });
    const seen: GenerationEvent[] = [];
    const read = (async () => {
      for await (const event of reader.events) seen.push(event);
    })();
    await expect(read).rejects.toMatchObject({ code: "context-exceeded", message: "too long" });
    expect(seen).toEqual([token(1)]);
  });
});
