/** Whether what somebody typed is the address of a server. */

/** Why a text is no URL of a signaling server; empty where it is one. */
export function serverProblem(text: string): string {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
    ? ""
    : "this is no address of a server, such as https://signal.example.org/.";
}
