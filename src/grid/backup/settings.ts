/** The settings in a backup: each is a change of its own, and none weakens a protection unless the user agrees. */
import * as v from "valibot";
import { MicrogridError, checkName, quotedName } from "../../core";
import { MAX_NAME_CHARS } from "../../room";
import {
  type Capabilities,
  type GridState,
  type NetworkOverride,
  type NetworkSettings,
  type Policy,
  PolicySchema,
  parsePatch,
  recallPreferences,
} from "../../node";
import type { PortablePart, ReadChange } from "./portable";

/** Keys of the page's own settings in `localStorage`. Keys that are not listed here are not exported. */
const PORTABLE_KEYS: readonly string[] = ["microgrid.theme", "microgrid.model"];
const MAX_VALUE_CHARS = 1000;

const SettingsSchema = v.object({
  name: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_NAME_CHARS))),
  policy: v.optional(PolicySchema),
  network: v.optional(v.unknown()),
  page: v.record(v.picklist(PORTABLE_KEYS), v.pipe(v.string(), v.maxLength(MAX_VALUE_CHARS))),
});

/** From the strictest to the most open. */
const PRIVACY: Readonly<Record<Policy["privacy"], string>> = {
  device: "Questions stay on this device",
  room: "Questions may go to devices of the room",
  anywhere: "Questions may go anywhere",
};
const STRICTEST_FIRST = Object.keys(PRIVACY);
const PREFERENCE: Readonly<Record<Policy["prefer"], string>> = {
  privacy: "Answers come from here where that is possible",
  speed: "Answers come from the fastest device",
  cost: "Answers come from the cheapest device",
};

/** The node's name, policy and servers, and the page's own settings. */
export function settingsPart({ settings }: Pick<Capabilities, "settings">, state: () => GridState): PortablePart {
  return {
    name: "settings",
    async export() {
      const { name, policy, network } = recallPreferences();
      return { name, policy, network: network && portableNetwork(network, state().network), page: readPage() };
    },
    async read(data) {
      const parsed = v.safeParse(SettingsSchema, data);
      if (!parsed.success) {
        const message = "The settings in this backup are damaged. Nothing was changed.";
        throw new MicrogridError("bad-request", message, { cause: parsed.issues });
      }
      const { name, policy, page } = parsed.output;
      const network = parsed.output.network === undefined ? {} : parsePatch(parsed.output.network);
      if (name !== undefined) checkName(name);
      const now = state();
      return [
        ...(name === undefined || name === now.node.name
          ? []
          : [change("name", `The name of this device is ${quotedName(name)}`, () => settings.rename(name))]),
        ...(policy ? policyChanges(now.policy, policy, (patch) => settings.setPolicy(patch)) : []),
        ...networkChanges(now.network, network, (patch) => settings.setNetwork(patch)),
        ...pageChanges(page),
      ];
    },
  };
}

function change(id: string, text: string, apply: () => unknown, asks = false): ReadChange {
  return {
    id,
    text,
    asks,
    apply: async () => {
      await apply();
    },
  };
}

function policyChanges(now: Policy, next: Policy, set: (patch: Partial<Policy>) => Promise<void>): ReadChange[] {
  const { privacy, prefer } = next;
  const opens = STRICTEST_FIRST.indexOf(privacy) > STRICTEST_FIRST.indexOf(now.privacy);
  return [
    ...(privacy === now.privacy ? [] : [change("privacy", PRIVACY[privacy], () => set({ privacy }), opens)]),
    ...(prefer === now.prefer
      ? []
      : [change("prefer", PREFERENCE[prefer], () => set({ prefer }), now.prefer === "privacy")]),
  ];
}

/** Servers see addresses, and may cut or delay: others than the present ones are never taken unasked. */
function networkChanges(
  now: NetworkSettings,
  next: NetworkOverride,
  set: (patch: NetworkOverride) => Promise<void>,
): ReadChange[] {
  const { signaling, iceServers, relayOnly } = next;
  const changes: ReadChange[] = [];
  if (signaling && String(signaling) !== String(now.signaling)) {
    const text = `This device meets others through ${signaling.join(", ")}`;
    changes.push(change("signaling", text, () => set({ signaling }), true));
  }
  const otherServers = iceServers !== undefined && JSON.stringify(iceServers) !== JSON.stringify(now.iceServers);
  if (!otherServers && (relayOnly === undefined || relayOnly === now.relayOnly)) return changes;
  const urls = (iceServers ?? []).flatMap((server) => server.urls);
  const text = [
    ...(otherServers ? [`Connections use ${urls.length === 0 ? "no other servers" : urls.join(", ")}`] : []),
    ...(relayOnly === undefined
      ? []
      : [relayOnly ? "Connections go through relays only" : "Connections may show this device’s address to others"]),
  ].join(". ");
  const relays = { ...(iceServers && { iceServers }), ...(relayOnly !== undefined && { relayOnly }) };
  const weakens = otherServers || (now.relayOnly && relayOnly === false);
  return [...changes, change("relays", text, () => set(relays), weakens)];
}

function pageChanges(page: Readonly<Record<string, string>>): ReadChange[] {
  const here = readPage();
  const differ = Object.entries(page).filter(([key, value]) => here[key] !== value);
  if (differ.length === 0) return [];
  return [
    change("page", "The look of the page, and the model that was chosen last", () => {
      for (const [key, value] of differ) writePage(key, value);
    }),
  ];
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
