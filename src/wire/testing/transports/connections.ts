/** Scenarios of transports: ids, dialling, and connections before anybody has proved anything. */
import { type Bytes, MicrogridError, equalBytes, randomId } from "../../../core";
import { check, failure, until } from "../../../core/testing/acceptance";
import { HIGH_WATER_BYTES, LOW_WATER_BYTES, MAX_EARLY_BYTES, MAX_MESSAGE_BYTES } from "../../constants";
import type { RawChannel, RawLink } from "../../transport";
import { type Scenario, connected, dial, incoming, never, register } from "./suite";

const CHANNELS = ["control", "bulk", "stage"] as const;
const MESSAGES = 60;

/** The message of a number: lengths differ, up to the longest. */
function numbered(n: number): Bytes {
  return new Uint8Array(n === 7 ? MAX_MESSAGE_BYTES : 1 + ((n * 977) % 5_000)).fill(n);
}

/** Resolves when all numbered messages have come, in order and unchanged. */
function receiveAll(channel: RawChannel): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = 0;
    channel.listen((message) => {
      if (!equalBytes(message, numbered(next))) reject(new Error(`Expected: message ${next} as it was sent`));
      if (++next === MESSAGES) resolve();
    });
  });
}

const sendAll = (link: RawLink): void => {
  for (let n = 0; n < MESSAGES; n++) for (const name of CHANNELS) link[name].send(numbered(n));
};

/** Sends a message there and back. */
async function echo(from: RawLink, to: RawLink, n: number): Promise<void> {
  to.control.listen((message) => to.control.send(message));
  const back = new Promise<Bytes>((resolve) => from.control.listen(resolve));
  from.control.send(numbered(n));
  check(equalBytes(await back, numbered(n)), "the same message");
}

const cancelled = new MicrogridError("closed", "Nobody needs it any more.");

export const CONNECTIONS: Readonly<Record<string, Scenario>> = {
  "an id belongs to one endpoint until that leaves": async ({ near, far }) => {
    const first = await register(near);
    check((await far.open(first.id, { signal: never() })) === "taken", "the id is taken");
    first.close();
    await first.closed;
    await until(async () => (await far.open(first.id, { signal: never() })) !== "taken", "the id is free again");
  },

  "messages arrive unchanged and in order on every channel, in both directions": async (devices) => {
    const { near, far } = await connected(devices);
    check(near.offerer && !far.offerer, "the side that dialled is the offerer");
    sendAll(near);
    sendAll(far);
    await Promise.all(CHANNELS.flatMap((name) => [receiveAll(near[name]), receiveAll(far[name])]));
  },

  "all channels are open when a dial resolves": async (devices) => {
    const ends = [await register(devices.near), await register(devices.far)] as const;
    const next = incoming(ends[1]);
    await dial(ends[0], ends[1].id).then(sendAll);
    const far = await next();
    await Promise.all(CHANNELS.map((name) => receiveAll(far[name])));
  },

  "messages that come before the listener wait for it": async (devices) => {
    const { near, far } = await connected(devices);
    sendAll(near);
    // The last message has arrived, and so have most of the others.
    await receiveAll(far.stage);
    await Promise.all([receiveAll(far.control), receiveAll(far.bulk)]);
  },

  "a side that floods a channel to which nobody listens loses the connection": async (devices) => {
    const { near, far } = await connected(devices);
    for (let sent = 0; sent <= MAX_EARLY_BYTES; sent += MAX_MESSAGE_BYTES) {
      near.stage.send(new Uint8Array(MAX_MESSAGE_BYTES));
    }
    check((await far.closed).includes("more than this node reads"), "the reason");
    await near.closed;
  },

  "both sides see the same two certificates": async (devices) => {
    const { near, far } = await connected(devices);
    const [ours, theirs] = [await near.fingerprints(), await far.fingerprints()];
    check(ours.local.length === 32 && !equalBytes(ours.local, ours.remote), "two SHA-256 hashes");
    check(equalBytes(ours.local, theirs.remote) && equalBytes(ours.remote, theirs.local), "the same on both sides");
  },

  "a full channel drains": async (devices) => {
    const { near, far } = await connected(devices);
    let got = 0;
    far.bulk.listen((message) => (got += message.length));
    let sent = 0;
    for (; near.bulk.bufferedAmount < HIGH_WATER_BYTES; sent += MAX_MESSAGE_BYTES) {
      check(sent < 10 * HIGH_WATER_BYTES, "bytes that have not left are counted");
      near.bulk.send(new Uint8Array(MAX_MESSAGE_BYTES));
    }
    await near.bulk.drained();
    check(near.bulk.bufferedAmount <= LOW_WATER_BYTES, "few bytes are queued");
    await until(() => got === sent, "everything arrives");
  },

  "either side closes a connection for both": async (devices) => {
    for (const closer of ["near", "far"] as const) {
      const { near, far } = await connected(devices);
      const [closing, other] = closer === "near" ? [near, far] : [far, near];
      for (let sent = 0; sent <= HIGH_WATER_BYTES; sent += MAX_MESSAGE_BYTES) {
        closing.bulk.send(new Uint8Array(MAX_MESSAGE_BYTES));
      }
      const draining = failure(closing.bulk.drained(), "waiting for room");
      closing.close("enough");
      check((await closing.closed) === "enough", "the reason of the side that closes");
      await draining;
      check((await other.closed) !== "", "the other side is told");
      for (const link of [closing, other]) {
        await failure((async () => link.stage.send(new Uint8Array(1)))(), "a later send");
        await failure(link.stage.drained(), "waiting for room later");
      }
    }
  },

  "an unknown id is a lost peer": async ({ near }) => {
    const error = await failure((await register(near)).dial(randomId(16), { timeoutMs: 1_000, signal: never() }));
    check(error instanceof MicrogridError && error.code === "peer-lost", "the named error");
  },

  "an endpoint that does not listen closes what reaches it": async (devices) => {
    const ends = [await register(devices.near), await register(devices.far)] as const;
    const link = await dial(ends[0], ends[1].id);
    await link.closed;
  },

  "an abort ends the registration with its reason": async ({ near }) => {
    const id = randomId(16);
    check((await failure(near.open(id, { signal: AbortSignal.abort(cancelled) }))) === cancelled, "aborted before");
    const stop = new AbortController();
    const opening = failure(near.open(id, { signal: stop.signal }));
    stop.abort(cancelled);
    check((await opening) === cancelled, "aborted meanwhile");
    await until(async () => (await near.open(id, { signal: never() })) !== "taken", "the id is free");
  },

  "an abort ends a dial with its reason, and leaves no connection": async (devices) => {
    const ends = [await register(devices.near), await register(devices.far)] as const;
    const arrived: RawLink[] = [];
    ends[1].onLink = (link) => arrived.push(link);
    const before = failure(dial(ends[0], ends[1].id, AbortSignal.abort(cancelled)));
    check((await before) === cancelled, "aborted before");
    const stop = new AbortController();
    const dialling = failure(dial(ends[0], ends[1].id, stop.signal));
    stop.abort(cancelled);
    check((await dialling) === cancelled, "aborted meanwhile");
    const next = await dial(ends[0], ends[1].id);
    await until(() => arrived.length > 0, "the next dial arrives");
    const late = new AbortController();
    next.control.listen(() => late.abort());
    for (const link of arrived) link.control.send(new Uint8Array(1));
    await until(() => late.signal.aborted, "the next dial's connection works");
    for (const link of arrived.slice(0, -1)) await link.closed;
  },

  "several connections at once keep apart, also between the same two": async (devices) => {
    const ends = await Promise.all([devices.near, devices.near, devices.far].map((each) => register(each)));
    const [one, two, far] = ends as [(typeof ends)[0], (typeof ends)[0], (typeof ends)[0]];
    const reached: RawLink[] = [];
    far.onLink = (link) => void reached.push(link);
    const near = await Promise.all([one, one, two, two].map((each) => dial(each, far.id)));
    await until(() => reached.length === near.length, "all of them arrive");
    // Each is known to the other side by its first message.
    const sides = await Promise.all(
      reached
        .map((link) => {
          const first = new Promise<Bytes>((resolve) => link.control.listen(resolve));
          return first.then(([n]) => ({ n: n!, link }));
        })
        .concat(near.map(async (link, n) => (link.control.send(new Uint8Array([n])), { n: -1, link }))),
    );
    const farOf = (n: number): RawLink => sides.find((side) => side.n === n)!.link;
    await Promise.all(near.map((link, n) => echo(link, farOf(n), n)));
    near[0]!.close("one of them is enough");
    await farOf(0).closed;
    await echo(near[1]!, farOf(1), 9);
    await echo(near[3]!, farOf(3), 10);
  },

  "a protected connection outlives both registrations": async (devices) => {
    const { ends, near, far } = await connected(devices);
    near.protect();
    far.protect();
    for (const end of ends) end.close();
    await Promise.all(ends.map(({ closed }) => closed));
    await echo(near, far, 3);
    near.close("enough");
    await far.closed;
  },

  "the loss of the signaling server ends registrations, and no protected connection": async (devices) => {
    const { ends, near, far } = await connected(devices);
    near.protect();
    far.protect();
    await devices.endServer();
    check((await Promise.all(ends.map(({ closed }) => closed))).every(Boolean), "a reason");
    await echo(near, far, 4);
    const error = await failure(devices.near.open(randomId(16), { signal: never() }));
    check(error instanceof MicrogridError && error.code === "signaling-unreachable", "the named error");
    // The rest of the far device's registration is gone as well.
    check((await failure(dial(ends[0], ends[1].id))) instanceof MicrogridError, "nobody can be dialled");
  },
};
