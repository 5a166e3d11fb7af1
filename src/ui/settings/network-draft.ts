/** The servers of this node as they are typed, and what is wrong with them. */
import type { NetworkSettings } from "../../grid";
import { serverProblem } from "../addresses";

/** Most servers of each kind. */
const MAX_SERVERS = 8;

const ICE_URL = /^(?:stun|turn)s?:(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?(?:\?transport=(?:udp|tcp))?$/i;
const TURN = /^turns?:/i;

/** One line of the list of ICE servers. */
export interface IceDraft {
  /** One address, or several with blanks between them. */
  readonly urls: string;
  readonly username: string;
  readonly credential: string;
}

export interface NetworkDraft {
  /** URLs, one in each line. */
  readonly signaling: string;
  readonly ice: readonly IceDraft[];
  readonly relayOnly: boolean;
}

/** What is wrong, by part; `ice` by line. */
export interface NetworkErrors {
  readonly signaling?: string;
  readonly ice: readonly (string | undefined)[];
  readonly relayOnly?: string;
}

/** The draft that changes nothing. */
export function networkDraft({ signaling, iceServers, relayOnly }: NetworkSettings): NetworkDraft {
  return {
    signaling: signaling.join("\n"),
    ice: iceServers.map(({ urls, username = "", credential = "" }) => ({
      urls: [urls].flat().join(" "),
      username,
      credential,
    })),
    relayOnly,
  };
}

/** Reads a draft: either all of it makes sense, or each part that does not is named with what to do about it. */
export function readNetwork(
  draft: NetworkDraft,
): { readonly ok: true; readonly settings: NetworkSettings } | { readonly ok: false; readonly errors: NetworkErrors } {
  const signaling = [...new Set(draft.signaling.split(/[\s,;]+/).filter(Boolean))];
  // An empty line is one that somebody has not filled in: it is left out.
  const servers = draft.ice.map((server) => ({ ...server, urls: server.urls.split(/[\s,;]+/).filter(Boolean) }));
  const used = servers.filter(
    ({ urls, username, credential }) => urls.length > 0 || username !== "" || credential !== "",
  );
  const signalingError = listProblem(signaling);
  const relayError =
    draft.relayOnly && !used.some(({ urls }) => urls.some((url) => TURN.test(url)))
      ? "Relayed connections need a TURN server. Add one first."
      : undefined;
  const errors: NetworkErrors = {
    ...(signalingError !== "" && { signaling: signalingError }),
    ice: servers.map((server) => (used.includes(server) ? iceProblem(server) : undefined)),
    ...(relayError !== undefined && { relayOnly: relayError }),
  };
  if (signalingError !== "" || relayError !== undefined || errors.ice.some((text) => text !== undefined)) {
    return { ok: false, errors };
  }
  const iceServers = used.map(({ urls, username, credential }): RTCIceServer => ({
    urls,
    ...(username !== "" && { username, credential }),
  }));
  return { ok: true, settings: { signaling, iceServers, relayOnly: draft.relayOnly } };
}

function listProblem(urls: readonly string[]): string {
  if (urls.length === 0) return "Name at least one signaling server.";
  if (urls.length > MAX_SERVERS) return `At most ${MAX_SERVERS} servers.`;
  const wrong = urls.find((url) => serverProblem(url) !== "");
  return wrong === undefined ? "" : `“${wrong.slice(0, 40)}”: ${serverProblem(wrong)}`;
}

function iceProblem(server: Omit<IceDraft, "urls"> & { readonly urls: readonly string[] }): string | undefined {
  if (server.urls.length === 0) return "Write the address of this server, or remove it.";
  const wrong = server.urls.find((url) => !ICE_URL.test(url));
  if (wrong !== undefined) {
    return `“${wrong.slice(0, 40)}” is no address of an ICE server: those look like stun:host:3478 or turn:host:3478.`;
  }
  const needsUser = server.urls.some((url) => TURN.test(url));
  return needsUser && (server.username === "" || server.credential === "")
    ? "A TURN server needs a user name and a password."
    : undefined;
}
