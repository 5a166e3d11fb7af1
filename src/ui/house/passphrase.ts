/** Checks whether a passphrase is strong enough for a file that others may get hold of. */
import { MIN_PASSPHRASE_CHARS } from "../../grid";

/** Says what is wrong with a new passphrase that was typed twice; empty if nothing is. */
export function passphraseProblem(first: string, second: string): string {
  if (first.length < MIN_PASSPHRASE_CHARS)
    return `Use at least ${MIN_PASSPHRASE_CHARS} characters, for example several unrelated words.`;
  if (new Set(first).size < 5) return "This passphrase only repeats a few characters. Use several words instead.";
  return first === second ? "" : "The two passphrases do not match. Enter both again.";
}
