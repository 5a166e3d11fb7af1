/** Runs two handshakes against each other, with a man in the middle who can see, keep and change the frames. */
import { type Bytes, randomBytes } from "../../core";
import { makeEphemeralKey } from "../../identity";
import { type Authenticated, type Credentials, type HandshakeLine, type HandshakeSeam, handshake } from "../handshake";
import type { Fingerprints } from "../transport";

export type Kind = "m1" | "m2" | "ready";
export interface Said {
  readonly from: number;
  readonly kind: Kind;
  readonly body: Bytes;
}

/** One side of a handshake. */
export interface Side {
  readonly credentials: Partial<Credentials>;
  readonly offerer: boolean;
  readonly fingerprints: Fingerprints;
  readonly seam?: HandshakeSeam;
}

/** A member of an epoch that knows the secrets of all epochs up to it. */
export function member(...secrets: readonly [Bytes, ...Bytes[]]): Credentials["claim"] {
  return { kind: "member", epoch: secrets.length - 1, secretOf: (epoch) => secrets[epoch] };
}

/** The two sides of one connection, by default both members of the same epoch. */
export function sides(...own: readonly [Partial<Credentials>?, Partial<Credentials>?]): [Side, Side] {
  const [first, second] = [randomBytes(32), randomBytes(32)];
  return [
    { credentials: own[0] ?? {}, offerer: true, fingerprints: { local: first, remote: second } },
    { credentials: own[1] ?? {}, offerer: false, fingerprints: { local: second, remote: first } },
  ];
}

/** The default secret of both sides. */
export const SECRET: Bytes = new Uint8Array(32).fill(7);

async function credentialsOf(own: Partial<Credentials>): Promise<Credentials> {
  return { signer: await makeEphemeralKey(), roomId: "room", agent: "test/1", claim: member(SECRET), ...own };
}

/**
 * Runs both sides. `relay` receives each frame and returns the frame that arrives at the other side. If one side fails, the
 * connection is closed for the other.
 */
export async function meet(
  pair: readonly [Side, Side],
  relay: (said: Said) => Bytes = ({ body }) => body,
): Promise<{ results: PromiseSettledResult<Authenticated>[]; said: Said[] }> {
  const said: Said[] = [];
  const waiting: { frames: { kind: string; body: Bytes }[]; wake: () => void }[] = pair.map(() => ({
    frames: [],
    wake: () => undefined,
  }));
  let down = false;
  const lines = pair.map((_, from): HandshakeLine => {
    const [inbox, outbox] = [waiting[from]!, waiting[1 - from]!];
    return {
      send(kind, body) {
        const frame = { from, kind, body };
        said.push(frame);
        outbox.frames.push({ kind, body: relay(frame) });
        outbox.wake();
      },
      async receive(kind) {
        while (inbox.frames.length === 0) {
          if (down) throw new Error("the line is down");
          await new Promise<void>((resolve) => (inbox.wake = resolve));
        }
        const frame = inbox.frames.shift()!;
        if (frame.kind !== kind) throw new Error(`${frame.kind} where ${kind} was due`);
        return frame.body;
      },
    };
  });
  const results = await Promise.allSettled(
    pair.map(async ({ credentials, offerer, fingerprints, seam }, index) => {
      try {
        return await handshake(lines[index]!, offerer, fingerprints, await credentialsOf(credentials), seam);
      } catch (error) {
        down = true;
        waiting[1 - index]!.wake();
        throw error;
      }
    }),
  );
  return { results, said };
}
