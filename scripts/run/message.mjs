/** Messages of the commands: one clear line, and an error class whose message needs no stack. */

/** A failure that the person at the keyboard can act on; its message is all they need to see. */
export class CommandError extends Error {}

/**
 * Runs a command's main function; a `CommandError` ends the process with its one line and exit code 1,
 * anything else with its stack.
 * @param {() => Promise<void>} main
 */
export async function run(main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof CommandError ? error.message : error);
    process.exit(1);
  }
}
