/**
 * The facts about a person and a device that frames tell to others, by the fields that carry them. A test compares this with
 * the schemas of the frames, so that no field is added without a word about it here. The page and docs/security.md show it.
 */
import type { InsideFrame } from "./door/protocol";
import type { Heartbeat } from "./links/heartbeat";

/** Members learn this while you are inside, from each `heartbeat`. */
export const TOLD_TO_MEMBERS: Readonly<Record<keyof Heartbeat, string>> = {
  name: "your name",
  device: "your browser and system",
  gpu: "your graphics card",
  sharing: "whether you share this device",
  layersBytes: "the memory that you give to layers",
  load: "how busy this device is, whether its page is in front and its battery low",
  offers: "the models that you share and their speed",
};

/** Everybody with the link learns this of those inside, from `guest.welcome`. */
export const TOLD_TO_GUESTS: Readonly<Record<keyof InsideFrame, string>> = {
  did: "your ID",
  name: "your name",
  device: "your browser and system",
  delegation: "the profile that vouches for you",
  sharing: "whether you share this device",
  models: "the names of the models that you share",
};
