/** Files that go along with a message: how they are written into its text, and how they are found there again. */

/** A file as text. */
export interface Attachment {
  readonly name: string;
  readonly text: string;
}

/** Where the first file may begin. */
const START = /(?:^|\n\n)(?=Attached file ")/g;
/** The lines before the text of a file: its name as JSON, and the fence. */
const HEAD = /Attached file ("(?:[^"\\\p{Cc}]|\\["\\bfnrt]|\\u[0-9a-f]{4})*"):\n(`{3,})\n/uy;

/** The text of a message with its files behind it, each in a fence that nothing in the file closes. */
export function withAttachments(text: string, attachments: readonly Attachment[]): string {
  if (attachments.length === 0) return text;
  return [text.trim(), ...attachments.map(block)].filter((part) => part !== "").join("\n\n");
}

/** Undoes `withAttachments`. A text that it would not write this way has no files. */
export function splitAttachments(content: string): { readonly text: string; readonly attachments: Attachment[] } {
  START.lastIndex = 0;
  for (let start = START.exec(content); start; start = START.exec(content)) {
    const { attachments, end } = readBlocks(content, start.index + start[0].length);
    const text = content.slice(0, start.index);
    if (end === content.length && withAttachments(text, attachments) === content) return { text, attachments };
    // Files that begin before this end lead to it as well: no text is read twice.
    START.lastIndex = Math.max(end, START.lastIndex + 1);
  }
  return { text: content, attachments: [] };
}

/** The length of a text for people. */
export function lengthText({ length }: string): string {
  return `${length.toLocaleString("en")} ${length === 1 ? "character" : "characters"}`;
}

function block({ name, text }: Attachment): string {
  const longest = Math.max(2, ...(text.match(/`{3,}/g) ?? []).map(({ length }) => length));
  const fence = "`".repeat(longest + 1);
  return `Attached file ${JSON.stringify(name)}:\n${fence}\n${text}\n${fence}`;
}

/** The files that follow one another from `at` on, and where the last of them ends. */
function readBlocks(content: string, at: number): { readonly attachments: Attachment[]; readonly end: number } {
  const attachments: Attachment[] = [];
  let end = at;
  for (let next = at; ; next = end + 2) {
    HEAD.lastIndex = next;
    const head = HEAD.exec(content);
    if (!head) break;
    const begin = HEAD.lastIndex;
    const close = `\n${head[2]!}`;
    const stop = content.indexOf(close, begin);
    if (stop < 0) break;
    attachments.push({ name: JSON.parse(head[1]!) as string, text: content.slice(begin, stop) });
    end = stop + close.length;
    if (!content.startsWith("\n\n", end)) break;
  }
  return { attachments, end };
}
