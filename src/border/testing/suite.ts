/** The acceptance suite of the border: every endpoint must pass it, in Node and in browsers. */
import { MicrogridError, isAbort } from "../../core";
import { check, failure, until } from "../../core/testing/acceptance";
import { asService } from "../calls";
import type { FarSide } from "./service";

/** A connection to a `FarSide` that nobody else uses. */
export interface Opened {
  readonly far: FarSide;
  /** Ends the far side without a word, as a browser that needs memory does. */
  kill(): Promise<void>;
  close(): void;
}

/** A scenario throws when the border fails it. */
type Scenario = (opened: Opened) => Promise<void>;

/** Items that may be on their way before the reader takes one: batches that wait for it, and gathered items. */
const MOST_AHEAD = 600;

/** Waits until the source has run ahead and stands, and checks how far it went. */
async function standsStill(far: FarSide): Promise<void> {
  await until(async () => (await far.seen()).yielded > 10, "the source runs ahead");
  let before = -1;
  await until(async () => {
    const { yielded } = await far.seen();
    const stands = yielded === before;
    before = yielded;
    return stands;
  }, "the source stands still");
  check(before < MOST_AHEAD, `at most ${MOST_AHEAD} items ahead, not ${before}`);
}

/** The scenarios, by what they show. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "a call gives its result, also in groups of methods": async ({ far }) => {
    const value = { text: "hello", bytes: new Uint8Array([1, 2, 3]), list: [1, [2]] };
    const result = (await far.group.echo(value)) as typeof value;
    check(result.text === "hello" && result.bytes[2] === 3 && result.list.length === 2, "the same value");
    check((await far.group.echo(undefined)) === undefined, "undefined stays undefined");
  },

  "an error keeps its class, code, message, field and cause": async ({ far }) => {
    const ours = await failure(far.fail("ours"));
    check(ours instanceof MicrogridError && ours.code === "quota-exceeded", "the class and the code");
    check(ours.message === "The disk is full.", "the message");
    check(ours.field === "files.2", "the field");
    check((ours.cause as Error).name === "RangeError", "the cause");
    const foreign = await failure(far.fail("foreign"));
    check(foreign instanceof MicrogridError && foreign.code === "internal", "other errors are internal");
    check((foreign.cause as Error).name === "TypeError", "with the original as the cause");
  },

  "a signal that is aborted before keeps the call here": async ({ far }) => {
    const signal = AbortSignal.abort(new MicrogridError("closed", "Closed before."));
    check((await failure(far.wait({ signal }))) === signal.reason, "the reason itself");
    check((await far.seen()).calls.length === 0, "no call on the far side");
  },

  "an abort during a call rejects with the reason and reaches the far side": async ({ far }) => {
    const stop = new AbortController();
    const waiting = failure(far.wait({ signal: stop.signal }));
    await until(async () => (await far.seen()).calls.length === 1, "the call arrives");
    const reason = new MicrogridError("closed", "Closed meanwhile.");
    stop.abort(reason);
    check((await waiting) === reason, "the reason itself");
    await until(async () => (await far.seen()).aborted[0] === "Closed meanwhile.", "the far side hears the reason");
  },

  "an abort after a call changes nothing": async ({ far }) => {
    const stop = new AbortController();
    const first = far.count({ to: 3 }, { signal: stop.signal })[Symbol.asyncIterator]();
    check((await first.next()).value === 0, "the first item");
    await first.return?.();
    const done = new AbortController();
    await far.steps({ steps: 1, onStep: () => undefined });
    for await (const item of far.count({ to: 2 }, { signal: done.signal })) check(item < 2, "items");
    done.abort();
    stop.abort();
    check((await far.group.echo(1)) === 1, "the connection still works");
  },

  "a stream gives all items in order, and then ends": async ({ far }) => {
    let next = 0;
    for await (const item of far.count({ to: 1_000 })) check(item === next++, "items in order");
    check(next === 1_000, "all items");
  },

  "a stream that fails throws after its items": async ({ far }) => {
    const items: number[] = [];
    const error = await failure(
      (async () => {
        for await (const item of far.count({ to: 100, failsAt: 70 })) items.push(item);
      })(),
    );
    check(items.length === 70, "the items before the error");
    check(error instanceof MicrogridError && error.code === "device-lost", "the error");
  },

  "leaving a stream stops the far side": async ({ far }) => {
    for await (const item of far.count({ to: Infinity })) if (item === 100) break;
    await until(async () => (await far.seen()).stopped === 1, "the generator returns");
  },

  "leaving a stream aborts its signal on the far side": async ({ far }) => {
    const never = new AbortController();
    for await (const item of far.stall({ signal: never.signal })) if (item === 1) break;
    for await (const item of far.count({ to: Infinity }, { signal: never.signal })) if (item === 3) break;
    await until(async () => (await far.seen()).stopped === 1, "the generator stops");
    check(!never.signal.aborted, "the caller's own signal stays as it is");
  },

  "an abort ends a stream with the reason": async ({ far }) => {
    const stop = new AbortController();
    const error = await failure(
      (async () => {
        for await (const item of far.count({ to: Infinity }, { signal: stop.signal })) if (item === 50) stop.abort();
      })(),
    );
    check(isAbort(error), "an AbortError");
    await until(async () => (await far.seen()).stopped === 1, "the generator stops");
  },

  "a slow reader holds the source back": async ({ far }) => {
    const iterator = far.count({ to: Infinity })[Symbol.asyncIterator]();
    await iterator.next();
    await standsStill(far);
    for (let read = 1; read < 2_000; read++) check((await iterator.next()).value === read, "no item is lost");
    await iterator.return?.();
  },

  "pieces that travel together are one": async ({ far }) => {
    let [text, pieces] = ["", 0];
    for await (const piece of far.spelled({ to: 1_000 })) {
      text += piece;
      pieces++;
    }
    check(text === Array.from({ length: 1_000 }, (_, number) => `${number} `).join(""), "the whole text");
    check(pieces < 200, `few pieces, not ${pieces}`);
  },

  "a slow reader holds back a source whose pieces are one": async ({ far }) => {
    const iterator = far.spelled({ to: Infinity })[Symbol.asyncIterator]();
    await iterator.next();
    await standsStill(far);
    await iterator.return?.();
  },

  "callbacks are called in order, and no more after the call": async ({ far }) => {
    const steps: number[] = [];
    await far.steps({ steps: 5, onStep: (step) => void steps.push(step) });
    check(steps.join() === "1,2,3,4,5", `all steps in order, not ${steps.join()}`);
    await far.again();
    await far.group.echo(1);
    check(!steps.includes(-1), "nothing after the call");
  },

  "services are called in both directions": async ({ far }) => {
    let sum = 0;
    const counter = { add: async (number: number) => (sum += number) };
    check((await far.ask({ counter: asService(counter) })) === 12, "1 + 11");
    const theirs = await far.counter(5);
    check(theirs.name === "far" && (await theirs.counter.add(2)) === 7, "a service inside of a result");
  },

  "the death of the far side rejects everything that waits": async ({ far, kill }) => {
    const { counter } = await far.counter(0);
    const stream = far.count({ to: Infinity })[Symbol.asyncIterator]();
    await stream.next();
    const hanging = failure(far.hang());
    await kill();
    check((await hanging) instanceof MicrogridError, "the pending call rejects");
    const rest = failure(
      (async () => {
        for (;;) if ((await stream.next()).done === true) throw new Error("ended without an error");
      })(),
    );
    check((await rest) instanceof MicrogridError, "the stream fails");
    check((await failure(counter.add(1))) instanceof MicrogridError, "a service of the far side rejects");
    check((await failure(far.group.echo(1))) instanceof MicrogridError, "later calls reject");
  },
};
