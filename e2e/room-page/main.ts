/** A node without engines: the room code over real WebRTC, for rooms of more pages than a machine can load models in. */
import { randomId, type Did } from "../../src/core";
import { makeEphemeralKey, type Signer } from "../../src/identity";
import { toyRequest } from "../../src/inference/testing/toy-provider";
import { inviteToUrl, parseInvite } from "../../src/room/invite/link";
import type { RoomOptions, RoomSession } from "../../src/room/room-session";
import { foundTestRoom } from "../../src/room/testing/founding";
import { type RawLink, answerByHand, authenticate, offerByHand } from "../../src/wire";
import { RTC, enterBare } from "../bare-node";

/** Bytes that the page has sent over all its data channels, without the overhead of WebRTC. */
export interface Sent {
  readonly messages: number;
  readonly bytes: number;
}

export interface RoomPage {
  /** Opens a room at a signaling server and returns its invite. */
  found(server: string): Promise<string>;
  /** Opens an invite. Resolves when that many nodes are known and the room is linked, with the ms since the call. */
  join(invite: string, nodes: number): Promise<number>;
  status(): { known: number; links: number; peers: number; sent: Sent };
  /** Two nodes in this page: a bare round trip over a fresh line, and the handshake on it, ms. */
  shakeHands(): Promise<{ roundTripMs: number; handshakeMs: number }>;
  /** Asks a member without a link to it; returns its answer, and ms to the first token. */
  askDistant(): Promise<{ text: string; firstTokenMs: number }>;
  /** Gives members a file of that many bytes, whose pattern all pages know. */
  give(bytes: number): void;
  /** Takes a range of it from the first peer. */
  take(offset: number, length: number): Promise<{ right: boolean; ms: number }>;
  /** Round trips of small frames on the channel `stage` to the first peer, one after another, ms. */
  stageTrips(count: number): Promise<readonly number[]>;
}

declare global {
  interface Window {
    room: RoomPage;
  }
}

const sent = { messages: 0, bytes: 0 };
const send = Reflect.get(RTCDataChannel.prototype, "send") as (this: RTCDataChannel, data: ArrayBufferView) => void;
RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: ArrayBufferView) {
  sent.messages++;
  sent.bytes += data.byteLength;
  send.call(this, data);
} as typeof RTCDataChannel.prototype.send;

let session: RoomSession | undefined;

async function enter(entry: RoomOptions["entry"], signer: Signer): Promise<RoomSession> {
  session = await enterBare(entry, signer);
  session.share({ maxJobs: 2, models: new Set(["toy"]) }, false);
  return session;
}

const WEIGHTS = { model: "toy", graph: "model.onnx", weightsHash: "pattern" };

/** The bytes of the file of weights from `offset` on. */
function pattern(offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0, at = offset; i < length; i++, at++) bytes[i] = at * 7 + (at >> 11);
  return bytes;
}

function firstPeer(): Did {
  const [peer] = session?.peers ?? [];
  if (!peer) throw new Error("nobody is here");
  return peer.id;
}

/** Answers small frames of pipelines, as a node in one does. */
function answerProbes({ inside }: RoomSession): void {
  inside?.stages.handle({ "stage.probe": ({ probe }, from) => inside.stages.post(from, "stage.echo", { probe }) });
}

/** A message there and back over an open channel. */
async function roundTrip({ control }: RawLink): Promise<number> {
  const start = performance.now();
  await new Promise<void>((resolve) => {
    control.listen(() => resolve());
    control.send(new Uint8Array(64));
  });
  return performance.now() - start;
}

window.room = {
  async found(server) {
    const { founder, parts, invite } = await foundTestRoom({ servers: [server] });
    answerProbes(await enter({ membership: parts }, founder));
    return inviteToUrl(invite, location.href);
  },
  async join(invite, nodes) {
    const start = performance.now();
    const room = await enter({ invite: parseInvite(invite) }, await makeEphemeralKey());
    const ready = (): boolean => room.peers.length >= nodes - 1;
    await new Promise<void>((resolve) => {
      if (ready()) return resolve();
      const stop = room.on("change", () => {
        if (!ready()) return;
        stop();
        resolve();
      });
    });
    return performance.now() - start;
  },
  status: () => ({
    known: session?.inside?.size ?? 0,
    links: session?.inside?.links ?? 0,
    peers: session?.peers.length ?? 0,
    sent: { ...sent },
  }),
  async shakeHands() {
    const { membership } = await foundTestRoom();
    const [one, two] = await Promise.all([makeEphemeralKey(), makeEphemeralKey()]);
    const offer = await offerByHand(RTC);
    const answer = await answerByHand(RTC, offer.text);
    const [near, far] = await Promise.all([offer.accept(answer.text), answer.link]);
    far.control.listen((message) => far.control.send(message));
    const trips: number[] = [];
    for (let i = 0; i < 9; i++) trips.push(await roundTrip(near));
    const credentials = (signer: Signer) => ({
      signer,
      agent: "page/1",
      roomId: membership.genesis.roomId,
      claim: membership.claim(),
    });
    const start = performance.now();
    await Promise.all([authenticate(near, credentials(one)), authenticate(far, credentials(two))]);
    const handshakeMs = performance.now() - start;
    near.close("measured");
    return { roundTripMs: trips.sort((a, b) => a - b)[4]!, handshakeMs };
  },
  give(bytes) {
    const file = new Blob([pattern(0, bytes)]);
    session!.requireInside().weights.open = () => Promise.resolve(file);
  },
  async take(offset, length) {
    const start = performance.now();
    const source = session!.requireInside().weights.source(firstPeer(), WEIGHTS);
    const blob = await source.read("weights", offset, length, { signal: new AbortController().signal });
    const ms = performance.now() - start;
    const got = new Uint8Array(await blob.arrayBuffer());
    const wanted = pattern(offset, length);
    return { right: got.length === length && got.every((byte, i) => byte === wanted[i]), ms };
  },
  async stageTrips(count) {
    const { stages } = session!.requireInside();
    const peer = firstPeer();
    const trips: number[] = [];
    while (trips.length < count) {
      const probe = randomId(8);
      const start = performance.now();
      await new Promise<void>((resolve) => {
        const stop = stages.handle({
          "stage.echo": (body) => {
            if (body.probe !== probe) return;
            stop();
            resolve();
          },
        });
        stages.post(peer, "stage.probe", { probe, payload: new Uint8Array(8) });
      });
      trips.push(performance.now() - start);
      // Probe frames have a limited rate.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    return trips;
  },
  async askDistant() {
    const chosen = session?.peers.find((one) => !one.linked && one.models().length > 0);
    if (!chosen) throw new Error("there is a link to everybody");
    const start = performance.now();
    let firstTokenMs = NaN;
    let text = "";
    for await (const event of chosen.generate(toyRequest(5), { signal: new AbortController().signal })) {
      if (event.type !== "token") continue;
      if (text === "") firstTokenMs = performance.now() - start;
      text += event.text;
    }
    return { text, firstTokenMs };
  },
};
