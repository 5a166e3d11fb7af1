/** Finds an invite in whatever a chat program, a mail program or a person has made of its link. */

/** Links are encoded once by most programs, twice by redirections. */
const MAX_ENCODINGS = 3;
/** A line may end anywhere, so the marker may be broken too. Some programs drop the `#`. */
const MARKER = new RegExp(`(?:#\\s*/?|/)\\s*${Array.from("join/").join("\\s*")}`, "i");
/** Percent-encoded bytes, which a line break may interrupt anywhere. */
const ESCAPES = /%\s*[0-9a-f]\s*[0-9a-f](?:\s*%\s*[0-9a-f]\s*[0-9a-f])*/gi;
/** “#”, as HTML writes it. */
const NUMBER_SIGN = /&\s*(?:#\s*x\s*2\s*3|#\s*3\s*5|n\s*u\s*m)\s*;/gi;
/** An invite without its link is longer than any word. */
const BARE = /^[\w\s-]{100,}$/;

/** The parts of a link. */
export interface FoundLink {
  /** The page that it leads to; undefined if only the end of the link was given. */
  readonly page: URL | undefined;
  /** The characters of the invite, and any that happen to follow; pieces are separated by spaces. */
  readonly characters: string;
}

/** The first invite in a text; undefined if there is none. */
export function findLink(text: string): FoundLink | undefined {
  const plain = withoutEncodings(text).trim();
  const marker = MARKER.exec(plain);
  if (marker) {
    const after = plain.slice(marker.index + marker[0].length);
    return { page: pageOf(plain.slice(0, marker.index)), characters: /^[\w\s-]*/.exec(after)![0].trim() };
  }
  return BARE.test(plain) ? { page: undefined, characters: plain } : undefined;
}

/** Whether a text holds the address of any page. */
export function hasAddress(text: string): boolean {
  return /https?:\/\//i.test(withoutEncodings(text));
}

/** Undoes what programs do to a text, in any order: marks and line breaks may stand inside of what another program has encoded. */
function withoutEncodings(text: string): string {
  let plain = withoutBreaks(text);
  for (let time = 0; time < MAX_ENCODINGS; time++) {
    plain = withoutBreaks(plain.replace(ESCAPES, unescape).replace(NUMBER_SIGN, "#"));
  }
  return plain;
}

function withoutBreaks(text: string): string {
  return (
    text
      // Marks that nobody sees: soft hyphens, spaces without width, directions of writing.
      .replace(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "")
      // Mail breaks long lines with “=”, and marks lines that are quoted.
      .replace(/=\r?\n/g, "")
      .replace(/\r?\n[\s>|]*/g, "\n")
  );
}

/** The characters of a row of escapes; bytes that are no UTF-8 stay as they are. */
function unescape(escapes: string): string {
  const compact = escapes.replace(/\s/g, "");
  try {
    return decodeURIComponent(compact);
  } catch {
    return compact.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  }
}

/** The last address before the marker: those before it belong to redirections. */
function pageOf(before: string): URL | undefined {
  const address = /^.*(https?:\/\/.*)$/i.exec(before.replace(/\s+/g, ""))?.[1];
  return address === undefined || !URL.canParse(address) ? undefined : new URL(address);
}
