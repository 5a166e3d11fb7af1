/** Turns a new, anonymous connection into one whose other end is authenticated. */
import { type Bytes, MicrogridError } from "../core";
import { HANDSHAKE_TIMEOUT_MS } from "./constants";
import { Reassembler } from "./framing";
import { type Authenticated, type Credentials, handshake } from "./handshake";
import { HandshakeInbox } from "./handshake-inbox";
import type { RawLink } from "./transport";
import { FrameWriter } from "./writer";

/** Size limits of the handshake's frames, in bytes. No other kind is read before the handshake has succeeded. */
const HANDSHAKE_BYTES: Readonly<Record<string, number>> = { m1: 256, m2: 512, ready: 32 };

/** A connection whose other end has proved its identity; a `Link` takes over from here. */
export interface AuthenticatedLine {
  readonly raw: RawLink;
  readonly writer: FrameWriter;
  readonly peer: Authenticated;
}

/**
 * Runs the handshake on a new connection. Throws `handshake-failed` (also if it takes longer than 10 s), `peer-protocol`
 * or `peer-lost`, after it has closed the connection.
 */
export async function authenticate(raw: RawLink, credentials: Credentials): Promise<AuthenticatedLine> {
  const inbox = new HandshakeInbox();
  const reassembler = new Reassembler((kind) =>
    Object.hasOwn(HANDSHAKE_BYTES, kind) ? HANDSHAKE_BYTES[kind] : undefined,
  );
  const writer = new FrameWriter(raw.control);
  raw.control.listen((message) => {
    try {
      const frame = reassembler.push(message);
      if (frame) inbox.push(frame);
    } catch (error) {
      inbox.fail(error);
    }
  });
  void raw.closed.then((reason) => {
    inbox.fail(new MicrogridError("peer-lost", `A device disconnected before it had identified itself: ${reason}.`));
  });
  // The timeout ends the handshake in any phase.
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new MicrogridError("handshake-failed", "A device connected but did not identify itself within 10 s."));
    }, HANDSHAKE_TIMEOUT_MS);
  });
  try {
    const line = {
      send: (kind: string, body: Bytes) => void writer.send(kind, body).catch((error: unknown) => inbox.fail(error)),
      receive: (kind: string) => inbox.receive(kind),
    };
    const exchange = raw.fingerprints().then((seen) => handshake(line, raw.offerer, seen, credentials));
    const peer = await Promise.race([exchange, late]);
    raw.protect();
    return { raw, writer, peer };
  } catch (error) {
    inbox.fail(error);
    writer.close("the handshake failed");
    raw.close("the handshake failed");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
