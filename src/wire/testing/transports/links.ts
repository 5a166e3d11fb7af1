/** Scenarios of transports: authenticated links over them, with frames that are long, too long, too many, or never read. */
import * as v from "valibot";
import { MicrogridError, encodeCbor } from "../../../core";
import { check, failure } from "../../../core/testing/acceptance";
import { makeEphemeralKey } from "../../../identity";
import { authenticate } from "../../authenticate";
import { HIGH_WATER_BYTES, MAX_MESSAGE_BYTES, MAX_WAITING_FRAMES } from "../../constants";
import { frameToMessages } from "../../framing";
import { Link } from "../../link";
import type { RawLink, Transport } from "../../transport";
import { SECRET, member } from "../handshake-pair";
import { type Scenario, type Devices, connected, dial, register } from "./suite";

const MAX_BYTES = 300_000;
const TABLE = {
  blob: {
    schema: v.strictObject({ data: v.instance(Uint8Array) }),
    maxBytes: MAX_BYTES,
    rate: { burst: 100_000, perSecond: 0 },
  },
};
/** Bytes that CBOR adds to those of a `blob`. */
const EXTRA_BYTES = encodeCbor({ data: new Uint8Array(MAX_BYTES - 100) }).length - (MAX_BYTES - 100);

/** Far more than channels and writers hold. */
const MOST_SENDS = 300;

type Blobs = Link<typeof TABLE>;

async function establish(raw: RawLink): Promise<Blobs> {
  const signer = await makeEphemeralKey();
  return new Link(await authenticate(raw, { signer, roomId: "room", agent: "test/1", claim: member(SECRET) }), TABLE);
}

/** Both sides of an authenticated link, and the connection under the near one. */
async function linked(devices: Devices): Promise<{ near: Blobs; far: Blobs; raw: RawLink }> {
  const pair = await connected(devices);
  const [near, far] = await Promise.all([establish(pair.near), establish(pair.far)]);
  return { near, far, raw: pair.near };
}

/** Registers a device that authenticates every link and listens to it; gives its id. */
export async function welcomeAll(transport: Transport): Promise<string> {
  const endpoint = await register(transport);
  endpoint.onLink = (raw) => void establish(raw).then((link) => link.listen(() => undefined));
  return endpoint.id;
}

const bytes = (length: number): { data: Uint8Array<ArrayBuffer> } => ({ data: new Uint8Array(length).fill(length) });

async function expectLost(work: Promise<unknown>, what: string): Promise<void> {
  const error = await failure(work, what);
  check(
    error instanceof MicrogridError && error.code === "peer-lost",
    `${what} rejects as lost, not: ${error.message}`,
  );
}

/** Sends until a send fails; resolves where nothing ever stops it. */
async function sendOn(link: Blobs): Promise<void> {
  for (let sent = 0; sent < MOST_SENDS; sent++) await link.send("blob", bytes(MAX_MESSAGE_BYTES));
}

export const LINKS: Readonly<Record<string, Scenario>> = {
  "frames of all lengths up to the limit arrive whole and in order": async (devices) => {
    const { near, far } = await linked(devices);
    const sent = [0, 1, MAX_MESSAGE_BYTES, 3, 3 * MAX_MESSAGE_BYTES, MAX_BYTES - EXTRA_BYTES, 2];
    const got: Uint8Array[] = [];
    const all = new Promise<void>((resolve) => {
      far.listen(({ body }) => got.push(body.data) === sent.length && resolve());
    });
    await Promise.all(sent.map((length) => near.send("blob", bytes(length))));
    await all;
    check(got.map(({ length }) => length).join() === sent.join(), "all lengths in order");
    check(
      got.every((data) => data.every((byte) => byte === data.length % 256)),
      "the bytes that were sent",
    );
  },

  "a frame over the limit is refused before it is sent": async (devices) => {
    const { near, far } = await linked(devices);
    const error = await failure(near.send("blob", bytes(MAX_BYTES - EXTRA_BYTES + 1)));
    check(error instanceof MicrogridError && error.code === "bad-request", "the named error");
    const next = new Promise<number>((resolve) => far.listen(({ body }) => resolve(body.data.length)));
    await near.send("blob", bytes(5));
    check((await next) === 5, "the link still works");
  },

  "a peer that sends a frame over the limit loses the link": async (devices) => {
    const { near, far, raw } = await linked(devices);
    for (const message of frameToMessages("blob", new Uint8Array(MAX_BYTES + 1)).slice(0, 1)) raw.control.send(message);
    check((await far.closed).includes(`${MAX_BYTES} are allowed`) && far.accused, "it is accused");
    await near.closed;
  },

  "a message over the limit ends the link": async (devices) => {
    const { near, far, raw } = await linked(devices);
    raw.control.send(frameToMessages("blob", encodeCbor(bytes(MAX_MESSAGE_BYTES)), Infinity)[0]!);
    await far.closed;
    check(far.accused, "it is accused");
    await near.closed;
  },

  "a sender that waits its turn never has more queued than the bound": async (devices) => {
    const { near, far, raw } = await linked(devices);
    let got = 0;
    const frames = 60;
    const all = new Promise<void>((resolve) => far.listen(() => ++got === frames && resolve()));
    let most = 0;
    for (let sent = 0; sent < frames; sent++) {
      await near.send("blob", bytes(MAX_BYTES - EXTRA_BYTES));
      most = Math.max(most, raw.control.bufferedAmount);
    }
    check(most < HIGH_WATER_BYTES + MAX_MESSAGE_BYTES, `at most one message over the bound, not ${most}`);
    await all;
  },

  "a sender that does not wait is stopped": async (devices) => {
    const { near, far } = await linked(devices);
    far.listen(() => undefined);
    const many = HIGH_WATER_BYTES / 1024 + MAX_WAITING_FRAMES + 2;
    const sends = Array.from({ length: many }, () => near.send("blob", bytes(1024)));
    for (const send of sends) send.catch(() => undefined);
    await expectLost(sends.at(-1)!, "the last");
    check((await near.closed).includes("does not read"), "the link ends");
    await far.closed;
  },

  "pending sends reject when this side closes": async (devices) => {
    const { near, far } = await linked(devices);
    far.listen(() => undefined);
    const sends = Array.from({ length: 20 }, () => near.send("blob", bytes(MAX_BYTES - EXTRA_BYTES)));
    near.close("enough");
    // The first fits into the channel's buffer.
    await Promise.all(sends.slice(1).map((send) => expectLost(send, "each")));
    check((await near.closed) === "enough", "the reason");
    await far.closed;
    await expectLost(near.send("blob", bytes(1)), "a later send");
    await expectLost(far.send("blob", bytes(1)), "a send of the other side");
  },

  "pending sends reject when the other side closes": async (devices) => {
    const { near, far } = await linked(devices);
    const sends = Array.from({ length: 8 }, () => sendOn(near));
    far.listen(() => far.close("enough"));
    await Promise.all(sends.map((send) => expectLost(send, "each")));
    check(!near.open && !far.open, "both have ended");
  },

  "the other side hears why a link ends": async (devices) => {
    const { near, far } = await linked(devices);
    near.close("the train leaves");
    check((await far.closed) === "the train leaves" && !far.lost, "the reason");
  },

  "a device that dies without a word is missed, and pending sends reject": async (devices) => {
    const doomed = await devices.doomed();
    const near = await establish(await dial(await register(devices.near), doomed.id));
    near.markBusy();
    await near.send("blob", bytes(1));
    await doomed.kill();
    const sends = Array.from({ length: 8 }, () => sendOn(near));
    await Promise.all(sends.map((send) => expectLost(send, "each")));
    check(near.lost && (await near.closed).includes("does not answer"), "the link is lost");
  },
};
