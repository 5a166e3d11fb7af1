/** Remembers what a node was doing, so that it can continue after a reload or in the tab that takes over. */
import * as v from "valibot";
import type { WantedPipeline } from "./pipelines";
import type { Policy, ShareOptions } from "./types";
import { type NetworkOverride, NetworkOverrideSchema } from "./network";

const KEY = "microgrid.session";
const TAB_KEY = "microgrid.tab";

const Session = v.object({
  room: v.optional(v.string()),
  invite: v.optional(v.string()),
  share: v.optional(
    v.object({
      models: v.union([v.literal("all"), v.array(v.string())]),
      maxJobs: v.number(),
      onlyWhileVisible: v.boolean(),
      pauseOnBattery: v.boolean(),
      layers: v.boolean(),
      layersBytes: v.number(),
    }),
  ),
  noLayers: v.optional(v.boolean()),
  pipelines: v.optional(
    v.array(
      v.object({
        model: v.string(),
        holders: v.array(v.string()),
        stages: v.exactOptional(v.number()),
        answers: v.exactOptional(v.number()),
        nodes: v.exactOptional(v.array(v.string())),
      }),
    ),
  ),
  models: v.array(v.object({ id: v.string(), backend: v.picklist(["webgpu", "wasm"]) })),
});
const Preferences = v.object({
  name: v.optional(v.string()),
  policy: v.optional(
    v.object({ privacy: v.picklist(["device", "room", "anywhere"]), prefer: v.picklist(["speed", "privacy", "cost"]) }),
  ),
  network: v.fallback(v.optional(NetworkOverrideSchema), undefined),
});

/** The node's room, what it shares, and the models in its memory. */
export interface SessionMemory {
  readonly room?: string | undefined;
  readonly invite?: string | undefined;
  readonly share?: ShareOptions | undefined;
  /** Models that it runs together with the room. */
  readonly pipelines?: readonly WantedPipeline[] | undefined;
  /** Whether its user has said that layers are not welcome in the room. */
  readonly noLayers?: boolean | undefined;
  readonly models: readonly { readonly id: string; readonly backend: "webgpu" | "wasm" }[];
}

/** The user's lasting choices. */
export interface Preferences {
  readonly name?: string | undefined;
  readonly policy?: Policy | undefined;
  readonly network?: NetworkOverride | undefined;
}

/** Stores the node's session and marks this tab as its owner. */
export function rememberSession(session: SessionMemory): void {
  write(localStorage, KEY, session);
  write(sessionStorage, TAB_KEY, true);
}

/**
 * The session to continue. A tab that takes over always continues. A tab that starts continues only if it is the
 * reloaded one: if the user left a room by closing the browser, it must not be entered again without being asked.
 */
export function recallSession(takesOver: boolean): SessionMemory | undefined {
  if (!takesOver && read(sessionStorage, TAB_KEY) !== true) return undefined;
  const result = v.safeParse(Session, read(localStorage, KEY));
  return result.success ? result.output : undefined;
}

const PREFERENCES_KEY = "microgrid.preferences";

export function rememberPreferences(preferences: Preferences): void {
  write(localStorage, PREFERENCES_KEY, preferences);
}

export function recallPreferences(): Preferences {
  const result = v.safeParse(Preferences, read(localStorage, PREFERENCES_KEY));
  return result.success ? result.output : {};
}

// Storage may be refused (private mode, embedded frames). Then nothing is remembered, and everything else works.

function write(storage: Storage, key: string, value: unknown): void {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    // Nothing depends on it.
  }
}

function read(storage: Storage, key: string): unknown {
  try {
    return JSON.parse(storage.getItem(key) ?? "null");
  } catch {
    return undefined;
  }
}
