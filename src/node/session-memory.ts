/** Remembers what a node was doing, so that it can continue after a reload or in the tab that takes over. */
import * as v from "valibot";
import type { DeepReadonly } from "../core";
import { BackendSchema } from "../inference";
import { readKept, writeKept } from "./local-store";
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
  writeKept("local", KEY, session);
  writeKept("session", TAB_KEY, true);
}

/**
 * The session to continue. A tab that takes over always continues. A tab that starts continues only if it is the
 * reloaded one: if the user left a room by closing the browser, it must not be entered again without being asked.
 */
export function recallSession(takesOver: boolean): SessionMemory | undefined {
  if (!takesOver && readKept("session", TAB_KEY) !== true) return undefined;
  const result = v.safeParse(Session, readKept("local", KEY));
  return result.success ? result.output : undefined;
}

const PREFERENCES_KEY = "microgrid.preferences";

export function rememberPreferences(preferences: Preferences): void {
  writeKept("local", PREFERENCES_KEY, preferences);
}

export function recallPreferences(): Preferences {
  const result = v.safeParse(PreferencesSchema, readKept("local", PREFERENCES_KEY));
  return result.success ? result.output : {};
}
