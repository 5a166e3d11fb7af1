/** Remembers what a node was doing, so that it can continue after a reload or in the tab that takes over. */
import * as v from "valibot";
import type { DeepReadonly } from "../core";
import { BackendSchema } from "../inference";
import { NetworkOverrideSchema } from "./network";
import { PolicySchema, ShareOptionsSchema } from "./schemas";

const KEY = "microgrid.session";
const TAB_KEY = "microgrid.tab";

const Session = v.object({
  room: v.optional(v.string()),
  invite: v.optional(v.string()),
  share: v.optional(ShareOptionsSchema),
  /** Whether its user has said that layers are not welcome in the room. */
  noLayers: v.optional(v.boolean()),
  /** Models that it runs together with the room. */
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
  models: v.array(v.object({ id: v.string(), backend: BackendSchema })),
});
const PreferencesSchema = v.object({
  name: v.optional(v.string()),
  policy: v.optional(PolicySchema),
  network: v.fallback(v.optional(NetworkOverrideSchema), undefined),
});

/** The node's room, what it shares, and the models in its memory. */
type SessionMemory = DeepReadonly<v.InferOutput<typeof Session>>;

/** The user's lasting choices. */
type Preferences = Readonly<v.InferOutput<typeof PreferencesSchema>>;

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
  const result = v.safeParse(PreferencesSchema, read(localStorage, PREFERENCES_KEY));
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
