/** The servers that a node uses: the page's options come first, then the user's settings, then the site's. */
import * as v from "valibot";
import { MicrogridError } from "../core";
import { MAX_SERVERS } from "../room";
import { IceServersSchema, SignalingUrlSchema, isTurn } from "./servers";
import type { NetworkSettings } from "./types";
import type { GridConfig } from "./config";

/** The settings that a user can override one by one. */
export const NetworkOverrideSchema = v.partial(
  v.object({
    signaling: v.pipe(
      v.array(SignalingUrlSchema),
      v.minLength(1, "Name at least one signaling server."),
      v.maxLength(MAX_SERVERS),
    ),
    iceServers: IceServersSchema,
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
