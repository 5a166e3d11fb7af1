/** Parts of the engines that are loaded when they are first needed, and may be gone by then. */
import { MicrogridError } from "../core";

/** Loads a part. Throws `network` if it cannot be had, with a message that says what to do. */
export async function enginePart<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw new MicrogridError(
      "network",
      "A part of the engine could not be loaded: the site has a new version, or there is no network. Reload the page, then try again.",
      { cause: error },
    );
  }
}
