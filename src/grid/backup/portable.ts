/** Puts all data of the user into one file with a passphrase. Each part knows how to export and restore itself. */
import * as v from "valibot";
import { MicrogridError, decodeCbor, encodeCbor } from "../../core";
import { MAX_SEALED_BYTES, openSealedFile, sealFile } from "../../identity";

/** One part of the user's data. */
export interface PortablePart {
  /** Its name in the file. */
  readonly name: string;
  /** Returns the part as plain data that CBOR can encode; undefined if it is empty. */
  export(): Promise<unknown>;
  /**
   * Checks data that `export` returned, here or on another device, without changing anything yet. The returned function
   * restores it and keeps existing data. Throws `bad-request`.
   */
  read(data: unknown): Promise<() => Promise<void>>;
}

const Content = v.object({
  format: v.literal("microgrid-backup"),
  v: v.literal(1),
  parts: v.record(v.pipe(v.string(), v.maxLength(40)), v.unknown()),
});

/** Writes the parts into an encrypted file. Throws `bad-request` if the passphrase is too short. */
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
 * Reads such a file and restores the parts that it contains, in the given order. Checks all of them before it restores the
 * first one. Throws `bad-request` with a message that says what is wrong.
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
      "The passphrase is correct, but this version of Microgrid cannot read the backup. Update Microgrid. Nothing was changed.",
      { cause },
    );
  }
}
