/** Invites: links that let a node find a room and ask to come in; they are only bytes until parsed here. */
import { base64urlnopad } from "@scure/base";
import * as v from "valibot";
import { type Bytes, MicrogridError, type RoomId, decodeCbor, encodeCbor } from "../../core";
import { type Signed, SignedSchema, bytesSchema } from "../../identity";
import { MAX_ROOM_NAME_CHARS, MAX_SERVERS } from "../constants";
import { ServerSchema } from "./charter";

/** Version of the invite's format. The first one held the epoch's secret itself. */
const INVITE_VERSION = 2;
const SECRET_BYTES = 32;
/** A real invite is about 800 characters long. */
const MAX_INVITE_CHARS = 8192;

/** The data that a node needs to find a room and ask to come in. Keep it secret: anybody who has it can do the same. */
export interface Invite {
  readonly roomId: RoomId;
  readonly name: string;
  /** The secret that finds the room at a signaling server. */
  readonly rendezvousSecret: Bytes;
  /** The right to ask, and the secret that proves it. */
  readonly token: { readonly signed: Signed; readonly secret: Bytes };
  /** URLs of the room's signaling servers; they override the user's settings. */
  readonly servers: readonly string[];
}

/** Unknown fields are left alone, so that later versions can add some. */
const InviteV2 = v.object({
  v: v.literal(INVITE_VERSION),
  room: v.pipe(v.string(), v.regex(/^[\w-]{43}$/)),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_ROOM_NAME_CHARS)),
  rendezvous: bytesSchema(SECRET_BYTES),
  token: v.object({ signed: SignedSchema, secret: bytesSchema(SECRET_BYTES) }),
  servers: v.pipe(v.array(ServerSchema), v.minLength(1), v.maxLength(MAX_SERVERS)),
});

/** The invite as a link to the page at `pageUrl`; everything secret is in the fragment. */
export function inviteToUrl(invite: Invite, pageUrl: string): string {
  const { roomId: room, name, rendezvousSecret: rendezvous, token, servers } = invite;
  const payload = encodeCbor({ v: INVITE_VERSION, room, name, rendezvous, token, servers: [...servers] });
  const url = new URL(pageUrl);
  url.search = "";
  url.hash = `/join/${base64urlnopad.encode(payload)}`;
  return url.href;
}

/**
 * Reads an invite: a whole link, or the part after `#/join/`. Throws `invite-malformed`, or `invite-version` if an
 * incompatible version of Microgrid made it.
 */
export function parseInvite(link: string | URL): Invite {
  const text = String(link).trim();
  const payload = text.includes("#") ? text.slice(text.indexOf("#") + 1).replace(/^\/?join\//, "") : text;
  const value = decodePayload(payload);
  const version = v.safeParse(v.object({ v: v.number() }), value);
  if (version.success && version.output.v !== INVITE_VERSION) {
    throw new MicrogridError(
      "invite-version",
      `This invite is of version ${version.output.v}, and this page reads version ${INVITE_VERSION}. ` +
        "Open it on the page it came from, or ask for an invite from here.",
    );
  }
  const parsed = v.safeParse(InviteV2, value);
  if (!parsed.success) throw malformed(parsed.issues);
  const { room, name, rendezvous, token, servers } = parsed.output;
  return { roomId: room as RoomId, name, rendezvousSecret: rendezvous, token, servers };
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
