/** Puts all data of the user into one file with a passphrase. Each part knows how to export and restore itself. */
import * as v from "valibot";
import { MicrogridError, decodeCbor, encodeCbor } from "../../core";
import { MAX_SEALED_BYTES, openSealedFile, sealFile } from "../../identity";

/** One change that a backup file would make here. */
export interface BackupChange {
  /** Names it for `restoreBackup`. */
  readonly id: string;
  /** A sentence for people, without a full stop. */
  readonly text: string;
  /**
   * True if it is made only where the user agrees to it by name: it weakens a protection, or brings the key of a profile.
   * The file may come from somebody with another purpose than the user.
   */
  readonly asks: boolean;
}

/** A change that was read and checked. */
export interface ReadChange extends BackupChange {
  apply(): Promise<void>;
}

/** One part of the user's data. */
export interface PortablePart {
  /** Its name in the file. */
  readonly name: string;
  /** Returns the part as plain data that CBOR can encode; undefined if it is empty. */
  export(): Promise<unknown>;
  /**
   * Checks data that `export` returned, here or on another device, and returns what it would change. Changes nothing by
   * itself. Throws `bad-request`.
   */
  read(data: unknown): Promise<readonly ReadChange[]>;
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
 * Reads such a file, checks all parts that it contains, and returns the changes that it would make, in the order in which they
 * have to be made. Throws `bad-request` with a message that says what is wrong.
 */
export async function readBackup(
  parts: readonly PortablePart[],
  file: Blob,
  passphrase: string,
): Promise<readonly ReadChange[]> {
  if (file.size > MAX_SEALED_BYTES) {
    throw new MicrogridError("bad-request", "This file is too large to be a backup. Nothing was read from it.");
  }
  const content = readContent(await openSealedFile(new Uint8Array(await file.arrayBuffer()), passphrase));
  const changes: ReadChange[] = [];
  for (const part of parts) {
    if (Object.hasOwn(content, part.name)) changes.push(...(await part.read(content[part.name])));
  }
  return changes;
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
