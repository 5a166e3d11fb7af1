/** The room as pipelines see it while this node is a member: who is there, what is allowed, and what is held here. */
import type { Did } from "../../core";
import type { Backend, DeviceInfo, EngineSupervisor } from "../../inference";
import { LinkSurvey } from "../../pipeline";
import { allowsModel, type RoomSession, type StageLanes, type WeightTransfer } from "../../room";
import { LayerOffer } from "./layer-offer";
import { spareBytes } from "./capacity";
import { Planner } from "./planner";
import type { SplitModels } from "./split-models";
import { type KnownModel, giveFile, giveGraph } from "./weights";

interface RoomMemberOptions {
  readonly self: Did;
  readonly device: DeviceInfo;
  readonly backend: Backend;
  readonly guests: EngineSupervisor;
  readonly models: SplitModels;
  /** Models of the pipelines in which a member takes part. */
  modelsFor(member: Did): readonly KnownModel[];
  /** Memory that this device's own pipelines take on it, in bytes. */
  ownBytes(): number;
  /** Memory that the user gives to layers, in bytes; undefined until the user has decided. */
  givenBytes(): number | undefined;
  /** Called when the held layers or the requests have changed. */
  onChange(): void;
}

/** The channels over which members exchange steps and weights. */
interface Channels {
  readonly traffic: StageLanes;
  readonly bulk: WeightTransfer;
}

/** One membership in one room. */
export class RoomMemberContext {
  readonly session: RoomSession;
  readonly traffic: StageLanes;
  readonly host: LayerOffer;
  readonly planner: Planner;
  readonly #links: LinkSurvey;

  constructor(session: RoomSession, { traffic, bulk }: Channels, options: RoomMemberOptions) {
    const { self, device, backend, guests, models, modelsFor, ownBytes, givenBytes, onChange } = options;
    const links = new LinkSurvey(traffic);
    const nameOf = (did: Did): string => this.nameOf(did);
    this.session = session;
    this.traffic = traffic;
    this.#links = links;
    this.host = new LayerOffer({
      ...{ traffic, bulk, links, models, supervisor: guests, backend, onChange },
      terms: () => ({
        givenBytes: givenBytes(),
        forbids: (model, consumer) => this.forbids(model, consumer),
        namesModels: session.charter?.terms.models !== "any",
        isHere: (did) => this.#peer(did) !== undefined,
        nameOf,
      }),
    });
    this.planner = new Planner({
      ...{ traffic, links, self, models, backend, nameOf },
      members: () => this.#members(),
      spareBytes: () => Math.max(0, spareBytes(device) - ownBytes() - this.host.heldBytes),
    });
    bulk.open = async (file, member) => {
      const files = await Promise.all(modelsFor(member).map((model) => giveFile(model, file)));
      const graphs = this.planner.asked(member).map((model) => giveGraph(model, file));
      return [...files, ...graphs].find((blob) => blob !== undefined);
    };
  }

  nameOf(did: Did): string {
    return this.#peer(did)?.name ?? "a device that is gone";
  }

  /** Whether a member is present and gives memory to layers. */
  gives(did: Did): boolean {
    return (this.#peer(did)?.heartbeat?.layersBytes ?? 0) > 0;
  }

  /** Why the room's charter does not let a model run in parts for a member; undefined if it does. */
  forbids(model: string, consumer: Did): string | undefined {
    const { charter } = this.session;
    if (!charter) return "This device is not in the room yet.";
    const { contribution } = charter.terms;
    if (!allowsModel(charter.terms, model)) return "The room's rules do not allow this model.";
    const peer = this.#peer(consumer);
    if (contribution === "expected" && peer && !peer.heartbeat?.sharing) {
      return "In this room, only members who share a device get help.";
    }
    return undefined;
  }

  close(): void {
    this.host.close("It has left the room.");
    this.#links.close();
  }

  #peer(did: Did): RoomSession["peers"][number] | undefined {
    return this.session.peers.find(({ id }) => id === did);
  }

  /** Members that could be asked, those with the most memory first. */
  #members(): readonly Did[] {
    const given = ({ heartbeat }: RoomSession["peers"][number]): number => heartbeat?.layersBytes ?? 0;
    return [...this.session.peers].sort((a, b) => given(b) - given(a)).map(({ id }) => id);
  }
}
