/** Finds an invite in whatever a chat program, a mail program or a person has made of its link. */

/** Links are encoded once by most programs, twice by redirections. */
const MAX_ENCODINGS = 3;
/** A line may end anywhere, so the marker may be broken too. Some programs drop the `#`. */
const MARKER = new RegExp(`(?:#\\s*/?|/)\\s*${Array.from("join/").join("\\s*")}`, "i");
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

function withoutEncodings(text: string): string {
  let plain = text;
  for (let time = 0; time < MAX_ENCODINGS; time++) {
    plain = plain.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  }
  return (
    plain
      .replace(/&#(?:x23|35);|&num;/gi, "#")
      // Marks that nobody sees: soft hyphens, spaces without width, directions of writing.
      .replace(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "")
      // Mail breaks long lines with “=”, and marks lines that are quoted.
      .replace(/=\r?\n/g, "")
      .replace(/\r?\n[\s>|]*/g, "\n")
  );
}

/** The last address before the marker: those before it belong to redirections. */
function pageOf(before: string): URL | undefined {
  const address = /^.*(https?:\/\/.*)$/i.exec(before.replace(/\s+/g, ""))?.[1];
  return address === undefined || !URL.canParse(address) ? undefined : new URL(address);
}
