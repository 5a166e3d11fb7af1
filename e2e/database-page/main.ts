/** A bare page with a database of two versions, as an older and a newer Microgrid would have it. */
import type { DBSchema } from "idb";
import { MicrogridError } from "../../src/core";
import { type DatabaseStep, openSteps } from "../../src/core/parts";

interface Notes extends DBSchema {
  notes: { key: number; value: string };
  colours: { key: number; value: string };
}

const FIRST: DatabaseStep<Notes> = (database) => {
  const notes = database.createObjectStore("notes");
  void notes.put("written by the first version", 1);
};
/** Makes a store out of the data that are there. */
const SECOND: DatabaseStep<Notes> = (database, change) => {
  const colours = database.createObjectStore("colours");
  void change
    .objectStore("notes")
    .getAllKeys()
    .then((keys) => Promise.all(keys.map((key) => colours.put("green", key))));
};

/** Functions that the test calls in the page. */
export interface DatabasePage {
  /** Opens the database as this version of Microgrid, keeps it open, and gives its content, or the code of the error. */
  open(version: 1 | 2): Promise<readonly string[]>;
}

declare global {
  interface Window {
    database: DatabasePage;
  }
}

window.database = {
  async open(version) {
    try {
      const database = await openSteps("notes", [FIRST, SECOND].slice(0, version));
      const stores = [...database.objectStoreNames];
      return (await Promise.all(stores.map((store) => database.getAll(store)))).flat();
    } catch (error) {
      if (error instanceof MicrogridError) return [error.code];
      throw error;
    }
  },
};
