/** From a line that nobody has vouched for to one whose other end is known. */
import { type Bytes, MicrogridError } from "../core";
import { HANDSHAKE_TIMEOUT_MS } from "./constants";
import { Reassembler } from "./framing";
import { type Authenticated, type Credentials, handshake } from "./handshake";
import { HandshakeInbox } from "./handshake-inbox";
import type { RawLink } from "./transport";
import { FrameWriter } from "./writer";

/** Caps of the handshake's frames; before it succeeds, no other kind is read. */
const HANDSHAKE_BYTES: Readonly<Record<string, number>> = { m1: 256, m2: 512, ready: 32 };

/** A line whose other end has proved who it is; a `Link` goes on from here. */
export interface AuthenticatedLine {
  readonly raw: RawLink;
  readonly writer: FrameWriter;
  readonly peer: Authenticated;
}

/**
 * Runs the handshake on a fresh line. Throws `handshake-failed` (also when it takes longer than 10 s), `peer-protocol`
 * or `peer-lost`, and has then closed the line.
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
    inbox.fail(new MicrogridError("peer-lost", `A device went away before it had said who it is: ${reason}.`));
  });
  // Whatever it is that waits then, it ends.
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new MicrogridError("handshake-failed", "A device connected but did not say who it is within 10 s."));
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
