import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NotRead } from "../../border";
import { FakeLocks } from "../../border/testing/locks";
import { FakeWorker } from "../../border/testing/worker";
import { deferred } from "../../core";
import { MarkdownReader } from "./reader";
import { MarkdownService, type MarkdownReading } from "./reader-service";
import { ShownText } from "./shown-text";

const ENDLESS = "endless";

/** Never ends with a certain text, as a parser that loops. */
class StuckService extends MarkdownService {
  override read(id: string, text: string, complete: boolean): Promise<MarkdownReading> {
    return text === ENDLESS ? new Promise(() => undefined) : super.read(id, text, complete);
  }
}

let workers: FakeWorker[] = [];
function newReader(): MarkdownReader {
  return new MarkdownReader(() => {
    const worker = new FakeWorker(new StuckService());
    workers.push(worker);
    return worker.asWorker;
  });
}

beforeEach(() => {
  workers = [];
  vi.stubGlobal("navigator", { locks: new FakeLocks() });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("MarkdownReader", () => {
  test("tells only what has changed", async () => {
    const reader = newReader();
    expect(await reader.read("a", "One.\n\nTw", false)).toMatchObject({
      kept: 0,
      blocks: ["<p>One.</p>\n", "<p>Tw</p>\n"],
    });
    expect(await reader.read("a", "One.\n\nTwo.", true)).toMatchObject({ kept: 1, blocks: ["<p>Two.</p>\n"] });
  });

  test("ends its worker if a text takes too long, and reads the others in another one", async () => {
    const reader = newReader();
    await reader.read("a", "One.", false);
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const stuck = reader.read("b", ENDLESS, true);
    const other = reader.read("c", "Two.", true);
    const failed = expect(stuck).rejects.toThrow(NotRead);
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1));
    expect(workers).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(60_000);
    await failed;
    expect((await other).blocks).toEqual(["<p>Two.</p>\n"]);
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, false]);
  });

  test("says so if no worker can be started, and stops trying", async () => {
    const create = vi.fn((): Worker => {
      const worker = new FakeWorker(new StuckService());
      setTimeout(() => worker.crash("not allowed"));
      worker.postMessage = () => undefined;
      return worker.asWorker;
    });
    const reader = new MarkdownReader(create);
    for (let time = 0; time < 5; time++)
      await expect(reader.read("a", "One.", true)).rejects.toMatchObject({ tooMuch: false });
    expect(create).toHaveBeenCalledTimes(3);
  });
});

describe("ShownText", () => {
  test("shows the newest text, and leaves out those that came while another was read", async () => {
    const read = vi.fn((_: string, text: string) => Promise.resolve({ kept: 0, blocks: [text], uncoloured: false }));
    const shown = textWith({ read });
    for (const text of ["a", "ab", "abc"]) shown.update(text, false);
    await shown.settled();
    expect(shown.blocks).toEqual(["abc"]);
    expect(read.mock.calls.map(([, text]) => text)).toEqual(["a", "abc"]);
  });

  test("keeps what has not changed", async () => {
    const texts = ["One.\n\nTw", "One.\n\nTwo."];
    const reader = newReader();
    const shown = textWith({ read: (...args) => reader.read(...args) });
    for (const text of texts) {
      shown.update(text, false);
      await shown.settled();
    }
    expect(shown.blocks).toEqual(["<p>One.</p>\n", "<p>Two.</p>\n"]);
  });

  test("is as it was written if it cannot be read, and is not read again", async () => {
    const read = vi.fn(() => Promise.reject(new NotRead(true, undefined)));
    const shown = textWith({ read });
    shown.update("a", false);
    await shown.settled();
    shown.update("ab", true);
    await shown.settled();
    expect(shown.blocks).toBeUndefined();
    expect(shown.problem?.tooMuch).toBe(true);
    expect(read).toHaveBeenCalledTimes(1);
  });

  test("is read again when there are colours", async () => {
    const coloured = deferred<void>();
    const reads: string[] = [];
    const read = (_: string, text: string): Promise<MarkdownReading> => {
      reads.push(text);
      return Promise.resolve({ kept: 0, blocks: [`${text}${reads.length}`], uncoloured: reads.length === 1 });
    };
    const shown = textWith({ read, coloured: () => coloured.promise });
    shown.update("a", true);
    await shown.settled();
    coloured.resolve();
    await vi.waitFor(() => expect(shown.blocks).toEqual(["a2"]));
  });

  test("stops while it is not shown", async () => {
    const forget = vi.fn();
    const read = vi.fn(() => Promise.resolve({ kept: 0, blocks: [], uncoloured: false }));
    const shown = textWith({ read, forget });
    shown.update("a", false);
    shown.update("b", false);
    shown.close();
    await shown.settled();
    expect(read).toHaveBeenCalledTimes(1);
    expect(forget).toHaveBeenCalledTimes(1);
    shown.update("c", false);
    await shown.settled();
    expect(read).toHaveBeenLastCalledWith(expect.any(String), "c", false);
  });
});

function textWith(reader: Partial<Pick<MarkdownReader, "read" | "coloured" | "forget">>): ShownText {
  const none = { read: vi.fn(), coloured: vi.fn(() => Promise.resolve()), forget: vi.fn() };
  return new ShownText({ reader: { ...none, ...reader }, onChange: () => undefined, lastDrawMs: () => 0 });
}
