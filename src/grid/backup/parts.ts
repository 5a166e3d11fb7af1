/** The parts of a backup: the house, the rooms, the settings, the conversations. */
import * as v from "valibot";
import { MicrogridError, quotedName } from "../../core";
import { houseSigner } from "../../identity";
import type { ConversationStore } from "../conversations";
import { MAX_NAME_CHARS, exportMemberships, readMemberships } from "../../room";
import {
  type Capabilities,
  type GridState,
  type NetworkOverride,
  type NetworkSettings,
  PolicySchema,
  parseHouseData,
  parsePatch,
  recallPreferences,
} from "../../node";
import type { PortablePart } from "./portable";

/** Keys of the page's own settings in `localStorage`. Keys that are not listed here are not exported. */
const PORTABLE_KEYS: readonly string[] = ["microgrid.theme", "microgrid.model"];
const MAX_VALUE_CHARS = 1000;

const Settings = v.object({
  name: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_NAME_CHARS))),
  policy: v.optional(PolicySchema),
  network: v.optional(v.unknown()),
  page: v.record(v.picklist(PORTABLE_KEYS), v.pipe(v.string(), v.maxLength(MAX_VALUE_CHARS))),
});

/** The house, with its key if it is on this device. Refuses to read a house if another house's key is on this device. */
export function housePart({ house }: Pick<Capabilities, "house">, state: () => GridState): PortablePart {
  return {
    name: "house",
    export: () => house.export(),
    async read(data) {
      const read = parseHouseData(data);
      const here = state().node.house;
      if (read.key && here?.keyHere && (await houseSigner(read.key.secret)).did !== here.did) {
        throw new MicrogridError(
          "bad-request",
          `This backup contains the profile ${quotedName(read.key.name)}, but this device manages another one, ${quotedName(here.name)}. Back it up and leave it first. Nothing was changed.`,
        );
      }
      return () => house.import(read);
    },
  };
}

/** The rooms that this device can return to. They are stored per origin, so any tab can read them. */
export const roomsPart: PortablePart = { name: "rooms", export: exportMemberships, read: readMemberships };

/** The node's name, policy and servers, and the page's own settings. */
export function settingsPart({ settings }: Pick<Capabilities, "settings">, state: () => GridState): PortablePart {
  return {
    name: "settings",
    async export() {
      const { name, policy, network } = recallPreferences();
      return { name, policy, network: network && portableNetwork(network, state().network), page: readPage() };
    },
    async read(data) {
      const parsed = v.safeParse(Settings, data);
      if (!parsed.success) {
        const message = "The settings in this backup are damaged. Nothing was changed.";
        throw new MicrogridError("bad-request", message, { cause: parsed.issues });
      }
      const { name, policy, page } = parsed.output;
      const network = parsed.output.network === undefined ? undefined : parsePatch(parsed.output.network);
      return async () => {
        if (name !== undefined) await settings.rename(name);
        if (policy) await settings.setPolicy(policy);
        if (network) await settings.setNetwork(network);
        for (const [key, value] of Object.entries(page)) writePage(key, value);
      };
    },
  };
}

export function conversationsPart(store: ConversationStore): PortablePart {
  return {
    name: "conversations",
    export: () => store.exportJson(),
    async read(data) {
      const bringIn = store.readJson(typeof data === "string" ? data : "");
      return async () => {
        await bringIn();
      };
    },
  };
}

/** If only relays are allowed, includes the servers even if they are the site's, because another site may have none. */
function portableNetwork(set: NetworkOverride, { iceServers }: NetworkSettings): object {
  return set.relayOnly === true ? { ...set, iceServers } : set;
}

// The browser may refuse storage: then there is nothing to export, and imported settings cannot be stored.

function readPage(): Record<string, string> {
  try {
    const entries = PORTABLE_KEYS.map((key) => [key, localStorage.getItem(key)] as const);
    return Object.fromEntries(entries.filter((entry): entry is readonly [string, string] => entry[1] !== null));
  } catch {
    return {};
  }
}

function writePage(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // The user has to choose the setting again.
  }
}
