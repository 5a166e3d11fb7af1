/** Writes invites as links and reads them from whatever has become of a link; they are only bytes until parsed here. */
import { base64urlnopad } from "@scure/base";
import { type Bytes, MicrogridError, utf8 } from "../../core";
import {
  COMPACT_VERSION,
  LinkNeededError,
  compactLength,
  decodeCompact,
  encodeCompact,
  shortenedName,
} from "./compact";
import type { Invite } from "./invite";
import { type FoundLink, findLink, hasAddress } from "./link-text";

/** A link of this length survives in chats, and a phone reads its QR code from a screen across a table. */
const MAX_LINK_CHARS = 350;
/** So much of a room's name stays in the link, however long the rest of it is. */
const MIN_NAME_BYTES = 8;
/** A text around a link may be long, but it is not a book. */
const MAX_TEXT_CHARS = 64 * 1024;
/** Characters that hold the version and the length. */
const BEGINNING_CHARS = 4;
/** First bytes above it cannot be a version. */
const LAST_VERSION = 15;

const NO_LINK = "This is not an invite. Paste the whole link, which looks like “https://…/#/join/…”.";
const NO_FRAGMENT =
  "This link leads to no room: it is not an invite, or it was cut off at the “#”. Ask for the whole link, or scan its QR code.";
const CHANGED = "This invite link was damaged on its way. Ask for it again, or scan its QR code.";
const ONLY_END = "This is only the end of an invite link. Paste all of it, from “https://” on.";

/** The invite as a link to the page at `pageUrl`; everything secret is in the fragment. */
export function inviteToUrl(invite: Invite, pageUrl: string): string {
  const page = new URL(pageUrl);
  page.search = "";
  const link = (name: string): string => {
    page.hash = `/join/${base64urlnopad.encode(encodeCompact(invite, name, page))}`;
    return page.href;
  };
  const whole = link(invite.name);
  if (whole.length <= MAX_LINK_CHARS) return whole;
  const excess = Math.ceil(((whole.length - MAX_LINK_CHARS) * 3) / 4);
  return link(shortenedName(invite.name, Math.max(MIN_NAME_BYTES, utf8(invite.name).length - excess)));
}

/**
 * Reads the invite in any text that holds its link, whatever happened to that on its way. Throws `invite-malformed` with
 * a sentence about what is missing, or `invite-version` if an incompatible version of Microgrid made it.
 */
export function parseInvite(link: string | URL): Invite {
  const text = String(link).slice(0, MAX_TEXT_CHARS);
  const found = findLink(text);
  if (!found) throw malformed(hasAddress(text) ? NO_FRAGMENT : NO_LINK);
  if (found.characters.length < BEGINNING_CHARS) throw malformed(cutOff("after “join”"));
  const version = bytesOf(found.characters.slice(0, BEGINNING_CHARS))[0]!;
  if (version === COMPACT_VERSION) return compact(found);
  if (version > LAST_VERSION) throw malformed(CHANGED);
  throw new MicrogridError(
    "invite-version",
    `This invite is of version ${version}, and this page reads version ${COMPACT_VERSION}. ` +
      (version < COMPACT_VERSION
        ? "It is from before an update: ask for a new one."
        : "Reload this page to update it."),
  );
}

function compact({ page, characters }: FoundLink): Invite {
  const joined = characters.replace(/\s/g, "");
  const length = Math.ceil((compactLength(bytesOf(joined.slice(0, BEGINNING_CHARS))) * 4) / 3);
  const missing = length - joined.length;
  if (missing > 0) {
    throw malformed(cutOff(missing === 1 ? "before its last character" : `before its last ${missing} characters`));
  }
  try {
    return decodeCompact(bytesOf(joined.slice(0, length)), page);
  } catch (error) {
    throw malformed(error instanceof LinkNeededError ? ONLY_END : CHANGED, error);
  }
}

function bytesOf(characters: string): Bytes {
  try {
    return new Uint8Array(base64urlnopad.decode(characters));
  } catch (error) {
    throw malformed(CHANGED, error);
  }
}

function cutOff(where: string): string {
  return `This link was cut off ${where}. Ask for the whole link, or scan its QR code.`;
}

function malformed(sentence: string, cause?: unknown): MicrogridError {
  return new MicrogridError("invite-malformed", sentence, { cause });
}
