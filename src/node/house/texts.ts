/** The two texts by which a device joins a house, short enough for a QR code: its request, and the signed answer. */
import { base64urlnopad } from "@scure/base";
import * as v from "valibot";
import { type Did, decodeCbor, encodeCbor } from "../../core";
import { type Signed, SignedSchema, bytesSchema, didFromPublicKey, publicKeyFromDid } from "../../identity";
import { refuse } from "./refuse";

const VERSION = 1;
/** The longest real text, a delegation, has about 600 characters. */
const MAX_TEXT_CHARS = 4000;
const PUBLIC_KEY_BYTES = 32;

const Request = v.strictObject({ v: v.literal(VERSION), ask: bytesSchema(PUBLIC_KEY_BYTES) });
const Answer = v.strictObject({ v: v.literal(VERSION), give: SignedSchema });

/** The text in which a node asks for a delegation. */
export function requestText(did: string): string {
  return encodeText({ v: VERSION, ask: publicKeyFromDid(did) });
}

/** The node that asks. Throws `bad-request`. */
export function parseRequest(text: string): Did {
  const value = decodeText(text);
  const request = v.safeParse(Request, value);
  if (request.success) return didFromPublicKey(request.output.ask);
  if (v.is(Answer, value)) {
    throw refuse("This text is an answer to a request. Use it on the device that made the request.");
  }
  throw refuse("This text is not a request of a device. Copy all of it from the other device and try again.");
}

/** The text that carries a delegation. */
export function delegationText(signed: Signed): string {
  return encodeText({ v: VERSION, give: signed });
}

/** The delegation, not verified yet. Throws `bad-request`. */
export function parseDelegation(text: string): Signed {
  const value = decodeText(text);
  const answer = v.safeParse(Answer, value);
  if (answer.success) return answer.output.give;
  if (v.is(Request, value)) {
    throw refuse("This text is a request. Use it on the device that manages the profile.");
  }
  throw refuse("This text is not an answer to a request. Copy all of it from the other device and try again.");
}

function encodeText(value: unknown): string {
  return base64urlnopad.encode(encodeCbor(value));
}

/** The content of a text; undefined if it is not one of ours. Throws `bad-request` for a later version. */
function decodeText(text: string): unknown {
  // Mail programs and messengers break long lines.
  const plain = text.replaceAll(/\s+/gu, "");
  if (plain.length > MAX_TEXT_CHARS) return undefined;
  let value: unknown;
  try {
    value = decodeCbor(base64urlnopad.decode(plain));
  } catch {
    return undefined;
  }
  const later = v.safeParse(v.object({ v: v.pipe(v.number(), v.minValue(VERSION + 1)) }), value);
  if (later.success) throw refuse("This text was made by a later version of Microgrid. Update Microgrid.");
  return value;
}
