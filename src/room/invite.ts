/** Rooms are born from a genesis record and found through an invite; both are only bytes until parsed here. */
import { base64urlnopad } from "@scure/base";
import * as v from "valibot";
import {
  type Bytes,
  MicrogridError,
  type RoomId,
  concat,
  decodeCbor,
  encodeCbor,
  randomBytes,
  sha256,
  utf8,
} from "../core";
import { makeEphemeralKey } from "../identity";
import { MAX_NAME_CHARS } from "./constants";

/** Version of the invite's format. */
const INVITE_VERSION = 1;
const SECRET_BYTES = 32;
/** A real invite is about 300 characters long. */
const MAX_INVITE_CHARS = 4096;

/** What lets a node find and enter a room. All of it is secret: who has it can join. */
export interface Invite {
  readonly roomId: RoomId;
  readonly name: string;
  /** Finds the room at a signaling server. */
  readonly rendezvousSecret: Bytes;
  /** Proves membership. It moves out of the invite once tokens exist. */
  readonly epoch: { readonly number: number; readonly secret: Bytes };
  /** URLs of the room's signaling servers; they win over anybody's settings. */
  readonly servers: readonly string[];
}

const secret = v.pipe(
  v.instance(Uint8Array),
  v.check((bytes) => bytes.length === SECRET_BYTES),
  v.transform((bytes) => bytes),
);
const Server = v.pipe(v.string(), v.maxLength(300), v.url(), v.startsWith("http"));
/** Unknown fields are left alone, so that later versions can add some. */
const InviteV1 = v.object({
  v: v.literal(INVITE_VERSION),
  room: v.pipe(v.string(), v.regex(/^[\w-]{43}$/)),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(2 * MAX_NAME_CHARS)),
  rendezvous: secret,
  epoch: v.object({ n: v.pipe(v.number(), v.integer(), v.minValue(0)), secret }),
  servers: v.pipe(v.array(Server), v.minLength(1), v.maxLength(8)),
});

/** Makes a new room: a genesis record with one throw-away founder, and fresh secrets. */
export async function foundRoom(name: string, servers: readonly string[]): Promise<Invite> {
  const founder = await makeEphemeralKey();
  const genesis = encodeCbor({ name, founders: [founder.did], random: randomBytes(16) });
  const roomId = base64urlnopad.encode(await sha256(concat(utf8("microgrid/1 genesis"), genesis))) as RoomId;
  return {
    roomId,
    name,
    rendezvousSecret: randomBytes(SECRET_BYTES),
    epoch: { number: 0, secret: randomBytes(SECRET_BYTES) },
    servers,
  };
}

/** The invite as a link to the page at `pageUrl`; everything secret is in the fragment. */
export function inviteToUrl(invite: Invite, pageUrl: string): string {
  const payload = encodeCbor({
    v: INVITE_VERSION,
    room: invite.roomId,
    name: invite.name,
    rendezvous: invite.rendezvousSecret,
    epoch: { n: invite.epoch.number, secret: invite.epoch.secret },
    servers: [...invite.servers],
  });
  const url = new URL(pageUrl);
  url.search = "";
  url.hash = `/join/${base64urlnopad.encode(payload)}`;
  return url.href;
}

/**
 * Reads an invite: a whole link, or what stands behind `#/join/`.
 * Throws `invite-malformed`, or `invite-version` where it was made by a newer Microgrid.
 */
export function parseInvite(link: string | URL): Invite {
  const text = String(link).trim();
  const payload = text.includes("#") ? text.slice(text.indexOf("#") + 1).replace(/^\/?join\//, "") : text;
  const value = decodePayload(payload);
  const version = v.safeParse(v.object({ v: v.number() }), value);
  if (version.success && version.output.v !== INVITE_VERSION) {
    throw new MicrogridError(
      "invite-version",
      `This invite is for version ${version.output.v} of the room protocol, and this page speaks version ${INVITE_VERSION}. ` +
        "Open it on the page it came from, or ask for an invite from here.",
    );
  }
  const parsed = v.safeParse(InviteV1, value);
  if (!parsed.success) throw malformed(parsed.issues);
  const { room, name, rendezvous, epoch, servers } = parsed.output;
  return {
    roomId: room as RoomId,
    name,
    rendezvousSecret: rendezvous,
    epoch: { number: epoch.n, secret: epoch.secret },
    servers,
  };
}

function decodePayload(payload: string): unknown {
  if (payload.length > MAX_INVITE_CHARS) throw malformed();
  try {
    return decodeCbor(base64urlnopad.decode(payload));
  } catch (error) {
    throw malformed(error);
  }
}

function malformed(cause?: unknown): MicrogridError {
  return new MicrogridError(
    "invite-malformed",
    "This invite link is damaged or incomplete. Copy the whole link again, or scan the QR code.",
    { cause },
  );
}
