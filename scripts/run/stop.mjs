/** Ending a command that keeps running: Ctrl-C and the like are its ordinary end, with exit code 0. */

/** How long closing may take before the process ends regardless. */
const CLOSE_MAX_MS = 1_000;

/**
 * @param {() => Promise<unknown>} close
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
}
