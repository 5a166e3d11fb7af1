/** The addresses of servers, as people write them into settings and into the file of a site. */
import * as v from "valibot";

const MAX_ICE_SERVERS = 8;
const MAX_URL_CHARS = 300;
/** `stun:host`, `turns:[::1]:5349?transport=tcp` (RFC 7064, RFC 7065). */
const ICE_URL = /^(?:stuns?|turns?):(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?(?:\?transport=(?:udp|tcp))?$/i;

/** The address of a signaling server. */
export const SignalingUrlSchema = v.pipe(
  v.string(),
  v.trim(),
  v.maxLength(MAX_URL_CHARS),
  v.check(
    isHttp,
    ({ input }) =>
      `“${input.slice(0, 80)}” is not the address of a signaling server, which begins with https:// or http://.`,
  ),
);
const IceUrl = v.pipe(
  v.string(),
  v.trim(),
  v.maxLength(MAX_URL_CHARS),
  v.regex(
    ICE_URL,
    ({ input }) =>
      `“${input.slice(0, 80)}” is not the address of an ICE server, such as stun:host:3478 or turn:host:3478.`,
  ),
);
const IceServer = v.pipe(
  v.object({
    urls: v.union([IceUrl, v.pipe(v.array(IceUrl), v.minLength(1), v.maxLength(MAX_ICE_SERVERS))], unionMessage),
    username: v.exactOptional(v.string()),
    credential: v.exactOptional(v.string()),
  }),
  v.check(
    (server) => !isTurn(server) || (server.username !== undefined && server.credential !== undefined),
    "A TURN server needs a user name and a password.",
  ),
);

/** The ICE servers of a node. */
export const IceServersSchema = v.pipe(v.array(IceServer), v.maxLength(MAX_ICE_SERVERS));

/** True for a server that relays. */
export function isTurn({ urls }: Pick<RTCIceServer, "urls">): boolean {
  return [urls].flat().some((url) => /^turns?:/i.test(url));
}

function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

/** The message about the address itself, not about the union around it. */
function unionMessage(issue: v.UnionIssue<v.BaseIssue<unknown>>): string {
  return issue.issues?.at(-1)?.message ?? "An ICE server needs an address.";
}
