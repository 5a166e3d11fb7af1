/** The parts of a backup besides the settings: the house, the rooms, the conversations. */
import { MicrogridError, quotedName } from "../../core";
import { houseSigner } from "../../identity";
import type { ConversationStore } from "../conversations";
import { exportMemberships, readMemberships } from "../../room";
import { type Capabilities, type GridState, parseHouseData } from "../../node";
import type { PortablePart } from "./portable";

/** The house, with its key if it is on this device. Refuses to read a house if another house's key is on this device. */
export function housePart({ house }: Pick<Capabilities, "house">, state: () => GridState): PortablePart {
  return {
    name: "house",
    export: () => house.export(),
    async read(data) {
      const read = parseHouseData(data);
      const here = state().node.house;
      const { key } = read;
      const did = key && (await houseSigner(key.secret)).did;
      if (key && here?.keyHere && did !== here.did) {
        throw new MicrogridError(
          "bad-request",
          `This backup contains the profile ${quotedName(key.name)}, but this device manages another one, ${quotedName(here.name)}. Back it up and leave it first. Nothing was changed.`,
        );
      }
      const apply = (): Promise<void> => house.import(read);
      if (!key || here?.keyHere) {
        const { issued, revocations } = read;
        if (issued.length + revocations.length === 0) return [];
        return [{ id: "devices", text: "The devices of the profile, and those that were removed", asks: false, apply }];
      }
      const text = `This device manages the profile ${quotedName(key.name)}. It will own the rooms that you open, together with everybody else who has its key`;
      return [{ id: "house", text, asks: true, apply }];
    },
  };
}

/** The rooms that this device can return to. They are stored per origin, so any tab can read them. */
export const roomsPart: PortablePart = {
  name: "rooms",
  export: exportMemberships,
  async read(data) {
    const { names, keep } = await readMemberships(data);
    if (names.length === 0) return [];
    return [{ id: "rooms", text: `Rooms to return to: ${names.map(quotedName).join(", ")}`, asks: false, apply: keep }];
  },
};

export function conversationsPart(store: ConversationStore): PortablePart {
  return {
    name: "conversations",
    export: () => store.exportJson(),
    async read(data) {
      const { count, bringIn } = store.readJson(typeof data === "string" ? data : "");
      if (count === 0) return [];
      const text = count === 1 ? "1 conversation" : `${count} conversations`;
      return [
        {
          id: "conversations",
          text: `${text}; those of this device stay as they are`,
          asks: false,
          apply: async () => {
            await bringIn();
          },
        },
      ];
    },
  };
}
