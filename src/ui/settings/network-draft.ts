/** Reads and checks the form for this node's servers. */
import { MAX_SERVERS, type NetworkSettings } from "../../grid";
import { serverProblem } from "../addresses";

const ICE_URL = /^(?:stun|turn)s?:(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?(?:\?transport=(?:udp|tcp))?$/i;
const TURN = /^turns?:/i;

/** One row of the list of ICE servers. */
export interface IceDraft {
  /** One address, or several separated by spaces. */
  readonly urls: string;
  readonly username: string;
  readonly credential: string;
}

export interface NetworkDraft {
  /** URLs, one per line. */
  readonly signaling: string;
  readonly ice: readonly IceDraft[];
  readonly relayOnly: boolean;
}

/** The error of each part; `ice` has an entry per row. */
export interface NetworkErrors {
  readonly signaling?: string;
  readonly ice: readonly (string | undefined)[];
  readonly relayOnly?: string;
}

/** The draft of the current settings. */
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

/** Reads a draft. If any part is wrong, returns a sentence for each such part that says how to fix it. */
export function readNetwork(
  draft: NetworkDraft,
): { readonly ok: true; readonly settings: NetworkSettings } | { readonly ok: false; readonly errors: NetworkErrors } {
  const signaling = [...new Set(draft.signaling.split(/[\s,;]+/).filter(Boolean))];
  // Skip rows that the user has left empty.
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
  if (urls.length === 0) return "Enter at least one signaling server.";
  if (urls.length > MAX_SERVERS) return `At most ${MAX_SERVERS} servers.`;
  const wrong = urls.find((url) => serverProblem(url) !== "");
  return wrong === undefined ? "" : `“${wrong.slice(0, 40)}”: ${serverProblem(wrong)}`;
}

function iceProblem(server: Omit<IceDraft, "urls"> & { readonly urls: readonly string[] }): string | undefined {
  if (server.urls.length === 0) return "Enter the address of this server, or remove the row.";
  const wrong = server.urls.find((url) => !ICE_URL.test(url));
  if (wrong !== undefined) {
    return `“${wrong.slice(0, 40)}” is not the address of an ICE server. Write one such as stun:host:3478 or turn:host:3478.`;
  }
  const needsUser = server.urls.some((url) => TURN.test(url));
  return needsUser && (server.username === "" || server.credential === "")
    ? "A TURN server needs a user name and a password."
    : undefined;
}
