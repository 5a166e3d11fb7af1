/** Invites of version 2, which people still have in their chats: one map in CBOR with the whole signed token in it. */
import * as v from "valibot";
import type { RoomId } from "../../core";
import { SignedSchema, bytesSchema } from "../../identity";
import { MAX_ROOM_NAME_CHARS, MAX_SERVERS } from "../constants";
import { RendezvousSchema, ServerSchema } from "../schemas";
import type { Invite } from "./invite";

const SECRET_BYTES = 32;

/** Unknown fields are left alone. */
const Version2 = v.pipe(
  v.object({
    v: v.literal(2),
    room: v.pipe(v.string(), v.regex(/^[\w-]{43}$/)),
    name: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_ROOM_NAME_CHARS)),
    rendezvous: RendezvousSchema,
    token: v.object({ signed: SignedSchema, secret: bytesSchema(SECRET_BYTES) }),
    servers: v.pipe(v.array(ServerSchema), v.minLength(1), v.maxLength(MAX_SERVERS)),
  }),
  v.transform(({ room, name, rendezvous, token, servers }): Invite => ({
    roomId: room as RoomId,
    name,
    rendezvousSecret: rendezvous,
    token,
    servers,
  })),
);

/** The invite, or the version if it is another one. Throws if it is malformed. */
export function readVersion2(value: unknown): Invite | number {
  const { v: version } = v.parse(v.object({ v: v.number() }), value);
  return version === 2 ? v.parse(Version2, value) : version;
}
