/** The servers that a node uses: the page's options come first, then the user's settings, then the site's. */
import * as v from "valibot";
import { MicrogridError } from "../core";
import { MAX_SERVERS } from "../room";
import type { NetworkSettings } from "./types";
import type { GridConfig } from "./config";

const MAX_ICE_SERVERS = 8;
const MAX_URL_CHARS = 300;
/** `stun:host`, `turns:[::1]:5349?transport=tcp` (RFC 7064, RFC 7065). */
const ICE_URL = /^(?:stuns?|turns?):(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?(?:\?transport=(?:udp|tcp))?$/i;

const SignalingUrl = v.pipe(
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
/** The settings that a user can override one by one. */
export const NetworkOverrideSchema = v.partial(
  v.object({
    signaling: v.pipe(
      v.array(SignalingUrl),
      v.minLength(1, "Name at least one signaling server."),
      v.maxLength(MAX_SERVERS),
    ),
    iceServers: v.pipe(v.array(IceServer), v.maxLength(MAX_ICE_SERVERS)),
    relayOnly: v.boolean(),
  }),
);

/** The user's settings; absent ones follow the site. */
export type NetworkOverride = v.InferOutput<typeof NetworkOverrideSchema>;

/** A change of the settings: undefined resets one to the site's, absent ones stay. */
export type NetworkPatch = { readonly [K in keyof NetworkSettings]?: NetworkSettings[K] | undefined };

/** A live view of the configuration: reads always return the present settings. */
export class NodeNetwork implements GridConfig {
  readonly #site: GridConfig;
  readonly #opened: Partial<GridConfig>;
  #override: NetworkOverride;

  /** `opened` are the options that the page was opened with. */
  constructor(site: GridConfig, opened: Partial<GridConfig>, override: NetworkOverride = {}) {
    this.#site = site;
    this.#opened = opened;
    this.#override = override;
  }

  get signaling(): readonly string[] {
    return this.#opened.signaling ?? this.#override.signaling ?? this.#site.signaling;
  }

  get rtc(): RTCConfiguration {
    const { iceServers, relayOnly } = this.#override;
    return {
      ...this.#site.rtc,
      ...(iceServers && { iceServers }),
      ...this.#opened.rtc,
      ...(relayOnly !== undefined && { iceTransportPolicy: relayOnly ? "relay" : "all" }),
    };
  }

  get hub(): string | undefined {
    return this.#opened.hub ?? this.#site.hub;
  }

  /** The present settings, to be shown to people. */
  get settings(): NetworkSettings {
    const { iceServers = [], iceTransportPolicy } = this.rtc;
    return { signaling: this.signaling, iceServers, relayOnly: iceTransportPolicy === "relay" };
  }

  /** The user's settings, to be remembered. */
  get override(): NetworkOverride {
    return this.#override;
  }

  /** Changes some settings; undefined resets one to the site's. Throws `bad-request`, and then nothing has changed. */
  set(patch: NetworkPatch | undefined): void {
    const before = this.#override;
    this.#override = patch === undefined ? {} : { ...before, ...parsePatch(patch) };
    const { iceServers, relayOnly } = this.settings;
    if (!relayOnly || patch === undefined || iceServers.some(isTurn)) return;
    this.#override = before;
    throw new MicrogridError(
      "bad-request",
      "Relayed connections need a TURN server, and there is none among the ICE servers. Add one first. Nothing was changed.",
    );
  }
}

/** Parses a patch. Throws `bad-request` with the first problem. */
export function parsePatch(patch: unknown): NetworkOverride {
  const parsed = v.safeParse(NetworkOverrideSchema, patch, { abortEarly: true });
  if (parsed.success) return parsed.output;
  throw new MicrogridError("bad-request", `${parsed.issues[0].message} Nothing was changed.`, { cause: parsed.issues });
}

function isTurn({ urls }: Pick<RTCIceServer, "urls">): boolean {
  return [urls].flat().some((url) => /^turns?:/i.test(url));
}

function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

/** The message about the address itself, not about the union around it. */
function unionMessage(issue: v.UnionIssue<v.BaseIssue<unknown>>): string {
  return issue.issues?.at(-1)?.message ?? "An ICE server needs an address.";
}
