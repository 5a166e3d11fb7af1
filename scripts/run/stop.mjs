/** Ending a command that keeps running: Ctrl-C and the like are its ordinary end, with exit code 0. */

/** How often a command that npm started looks whether npm is still there. */
const PARENT_CHECK_MS = 500;
/** How long closing may take before the process ends regardless. */
const CLOSE_MAX_MS = 1_000;

/**
 * Ends the process on Ctrl-C and on a request to terminate, and when npm was killed without a word.
 * @param {() => Promise<unknown>} close Releases the ports.
 */
export function stopOnSignal(close) {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(0), CLOSE_MAX_MS).unref();
    close().finally(() => process.exit(0));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);
  const parent = process.ppid;
  if (process.env["npm_lifecycle_event"]) {
    setInterval(() => process.ppid !== parent && stop(), PARENT_CHECK_MS).unref();
  }
}
