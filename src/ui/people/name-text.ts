/** The name of a person, a device or a room as text. */
import { plain } from "../plain";

/** A name as text; “Unnamed” if it has no visible character. */
export function nameText(name: string): string {
  return plain(name) || "Unnamed";
}
