/** Whether a passphrase is good enough for a file that others may get hold of. */
import { MIN_PASSPHRASE_CHARS } from "../../grid";

/** What is wrong with a new passphrase that was typed twice; empty where nothing is. */
export function passphraseProblem(first: string, second: string): string {
  if (first.length < MIN_PASSPHRASE_CHARS)
    return `At least ${MIN_PASSPHRASE_CHARS} characters: several words that do not belong together are good.`;
  if (new Set(first).size < 5) return "This repeats a few characters only. Several words are better.";
  return first === second ? "" : "The two do not match. Type both again.";
}
