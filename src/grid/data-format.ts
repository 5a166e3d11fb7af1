/** The form of all that this origin has stored, as one number, so that an older version does not touch the data of a newer one. */
import * as v from "valibot";
import { dataNewer } from "../core/parts";
import { readKept, writeKept } from "../node";

/**
 * Raise it when data outside of the databases change their form so that older versions would misread or overwrite them: keys
 * of `localStorage`, files of models. Databases have versions of their own (`openSteps`).
 */
const FORMAT = 1;
const KEY = "microgrid.format";

/** Call it before anything stored is read. Throws `data-newer` where a newer version has written; nothing is changed then. */
export function checkFormat(): void {
  const stored = v.safeParse(v.number(), readKept("local", KEY));
  if (stored.success && stored.output > FORMAT) throw dataNewer();
  writeKept("local", KEY, FORMAT);
}
