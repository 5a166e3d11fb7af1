/** The user's choices for this node. They are kept for its next start. */
import { checkName } from "../core";
import { MAX_NAME_CHARS } from "../room";
import type { Capabilities } from "./api";
import type { NodeNetwork } from "./network";
import { rememberPreferences } from "./session-memory";
import type { StateStore } from "./state-store";

/** The parts of the node that its settings change. */
interface SettingsParts {
  readonly store: StateStore;
  readonly network: NodeNetwork;
  /** Called after the node has another name. */
  onRename(): void;
}

/** The calls with which tabs change settings. */
export function nodeSettings({ store, network, onRename }: SettingsParts): Capabilities["settings"] {
  const remember = (): void => {
    const { node, policy } = store.state;
    rememberPreferences({ name: node.name, policy, network: network.override });
  };
  return {
    setPolicy: async (patch) => {
      store.patch({ policy: { ...store.state.policy, ...patch } });
      remember();
    },
    setNetwork: async (settings) => {
      network.set(settings);
      store.patch({ network: network.settings });
      remember();
    },
    rename: async (name) => {
      const trimmed = name.trim().slice(0, MAX_NAME_CHARS);
      checkName(trimmed);
      store.patch({ node: { ...store.state.node, name: trimmed } });
      remember();
      onRename();
    },
    dismissNotice: async (id) => store.dismiss(id),
  };
}
