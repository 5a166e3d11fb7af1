/** Databases of the browser, by version: older data are brought up to date, and newer ones are left alone. */
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames, openDB } from "idb";
import { MicrogridError } from "./errors";

/**
 * One step from a version of a database to the next; the first makes it. A step is never changed once it was published: data
 * of its version are on people's devices.
 */
export type DatabaseStep<Schema extends DBSchema> = (
  database: IDBPDatabase<Schema>,
  change: IDBPTransaction<Schema, StoreNames<Schema>[], "versionchange">,
) => void;

/**
 * Opens a database with the steps that lead to its form; their number is its version. Throws `data-newer` if a newer version
 * of Microgrid has written to it, and the browser's own error where it refuses databases.
 */
export async function openSteps<Schema extends DBSchema>(
  name: string,
  steps: readonly DatabaseStep<Schema>[],
): Promise<IDBPDatabase<Schema>> {
  try {
    return await openDB<Schema>(name, steps.length, {
      upgrade(database, from, _to, change) {
        for (const step of steps.slice(from)) step(database, change);
      },
      // A newer version in another tab must be able to bring the data up to date.
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "VersionError") throw dataNewer(error);
    throw error;
  }
}

/** The error for data of a newer version. */
export function dataNewer(cause?: unknown): MicrogridError {
  return new MicrogridError(
    "data-newer",
    "A newer version of Microgrid has stored data in this browser, which this older version must not change. Nothing is " +
      "lost: reload the page until you get the newer version, or ask whoever runs this site to bring it back.",
    { cause },
  );
}

/** True for the error for data of a newer version, which no store may hide. */
export function isDataNewer(error: unknown): boolean {
  return error instanceof MicrogridError && error.code === "data-newer";
}
