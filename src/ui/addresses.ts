/** Checks addresses of servers that users type. */

/** Says what is wrong with the address of a signaling server; empty if nothing is. */
export function serverProblem(text: string): string {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
    ? ""
    : "not a server address. Write one such as https://signal.example.org/.";
}
