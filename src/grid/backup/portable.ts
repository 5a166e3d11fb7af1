/** Everything that is the user's as one file under a passphrase: parts that know how to leave and how to arrive. */
import * as v from "valibot";
import { MicrogridError, decodeCbor, encodeCbor } from "../../core";
import { MAX_SEALED_BYTES, openSealedFile, sealFile } from "../../identity";

/** A part of what is the user's. */
export interface PortablePart {
  /** Its name in the file. */
  readonly name: string;
  /** All of it as plain data that CBOR can hold; undefined where there is nothing. */
  export(): Promise<unknown>;
  /**
   * Reads what `export` gave, here or on another device, without changing anything yet: the result does that. What is
   * here already stays. Throws `bad-request`.
   */
  read(data: unknown): Promise<() => Promise<void>>;
}

const Content = v.object({
  format: v.literal("microgrid-backup"),
  v: v.literal(1),
  parts: v.record(v.pipe(v.string(), v.maxLength(40)), v.unknown()),
});

/** Writes the parts into an encrypted file. Throws `bad-request` where the passphrase is too short. */
export async function exportParts(parts: readonly PortablePart[], passphrase: string): Promise<Blob> {
  const entries = await Promise.all(parts.map(async (part) => [part.name, await part.export()] as const));
  const content: v.InferInput<typeof Content> = {
    format: "microgrid-backup",
    v: 1,
    parts: Object.fromEntries(entries),
  };
  return new Blob([await sealFile(encodeCbor(content), passphrase)], { type: "application/octet-stream" });
}

/**
 * Reads such a file and takes in the parts that it has, in the order given. All of them are read before the first one
 * changes anything. Throws `bad-request` with a sentence that says what is wrong.
 */
export async function restoreParts(parts: readonly PortablePart[], file: Blob, passphrase: string): Promise<void> {
  if (file.size > MAX_SEALED_BYTES) {
    throw new MicrogridError("bad-request", "This file is too large to be a backup. Nothing was read from it.");
  }
  const content = readContent(await openSealedFile(new Uint8Array(await file.arrayBuffer()), passphrase));
  const bringIn: (() => Promise<void>)[] = [];
  for (const part of parts) {
    if (Object.hasOwn(content, part.name)) bringIn.push(await part.read(content[part.name]));
  }
  for (const bring of bringIn) await bring();
}

function readContent(bytes: Uint8Array): Record<string, unknown> {
  try {
    return v.parse(Content, decodeCbor(bytes)).parts;
  } catch (cause) {
    throw new MicrogridError(
      "bad-request",
      "This backup opens, but this Microgrid does not understand what is in it. Update Microgrid. Nothing was changed.",
      { cause },
    );
  }
}
