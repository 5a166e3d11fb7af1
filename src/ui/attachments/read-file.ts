/** Reads a file as text, or says in words why that cannot be done. */
import { formatBytes, plain } from "../../core";
import type { Attachment } from "../state/attachments";

/** Largest file that is read at all. */
const MAX_BYTES = 20_000_000;
/** A PDF says what it is somewhere in its beginning. */
const PDF_MARK = "%PDF-";
const PDF_MARK_WITHIN = 1024;

/** The text of a file. Its errors are written to be shown. */
export async function readAttachment(file: File, signal: AbortSignal): Promise<Attachment> {
  const name = plain(file.name) || "file";
  if (file.size > MAX_BYTES)
    throw new Error(`“${name}” has ${formatBytes(file.size)}. A file may have at most ${formatBytes(MAX_BYTES)}.`);
  const buffer = await file.arrayBuffer().catch(() => {
    // A folder, or a file that has gone.
    throw new Error(`“${name}” could not be read.`);
  });
  const text = (await textOf(name, file.type, new Uint8Array(buffer), signal)).trimEnd();
  if (text === "") throw new Error(`“${name}” is empty.`);
  return { name, text };
}

async function textOf(name: string, type: string, bytes: Uint8Array, signal: AbortSignal): Promise<string> {
  const mark = new TextDecoder("latin1").decode(bytes.subarray(0, PDF_MARK_WITHIN));
  if (mark.includes(PDF_MARK)) {
    const { pdfText } = await import("./pdf-text");
    return pdfText(name, bytes, signal);
  }
  const text = decoded(bytes);
  if (text !== undefined) return text.replace(/\r\n?/g, "\n");
  if (type.startsWith("image/")) throw new Error("Pictures cannot be read yet: attach a text file or a PDF.");
  throw new Error(`“${name}” is not a text file in UTF-8. Attach a text file or a PDF.`);
}

/** The text, if it is one: binary files are no UTF-8, or have zeros. */
function decoded(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
