/** Schemas of the user's choices, which a node remembers and a backup carries. They are the types, too. */
import * as v from "valibot";
import type { DeepReadonly } from "../core";
import { PrivacySchema } from "../inference";

/** The user's permissions and preferences for routing a request. */
export const PolicySchema = v.object({
  /** How far a prompt may travel: only this device, the room's peers, or anywhere. */
  privacy: PrivacySchema,
  /** The criterion for choosing among the allowed providers. */
  prefer: v.picklist(["speed", "privacy", "cost"]),
});
export type Policy = DeepReadonly<v.InferOutput<typeof PolicySchema>>;

/** How this device is shared with a room. */
export const ShareOptionsSchema = v.object({
  /** Ids of the models to offer, or `all` for every loaded one. */
  models: v.union([v.literal("all"), v.array(v.string())]),
  /** How many answers this device gives at the same time. */
  maxJobs: v.number(),
  /** Pauses sharing while the page is in the background. */
  onlyWhileVisible: v.boolean(),
  /** Pauses sharing while the device runs on battery, if the browser reports that. */
  pauseOnBattery: v.boolean(),
  /** Whether this device may hold layers of other members' models. The user is asked once. */
  layers: v.boolean(),
  /** Maximum memory for these layers, in bytes. */
  layersBytes: v.number(),
});
export type ShareOptions = DeepReadonly<v.InferOutput<typeof ShareOptionsSchema>>;
