/** Nodes in one room that run pipelines together: the room is a bus, and the engines load everything at once. Never bundled. */
import { readFileSync } from "node:fs";
import { type Did, MicrogridError, TypedEventTarget } from "../../../core";
import type { DeviceInfo, EngineSupervisor } from "../../../inference";
import type { ModelLibrary } from "../../../models";
import { GraphService } from "../../../pipeline/graphs";
import { Bus } from "../../../pipeline/testing/bus";
import type { RoomSession } from "../../../room";
import { StateStore } from "../../state-store";
import type { GridState } from "../../types";
import { NodePipelines } from "../node-pipelines";

export const GIB = 2 ** 30;
const GRAPH = new URL("../../../../public/models/guide/onnx/model_q4.onnx", import.meta.url);
const graphBytes = new Uint8Array(readFileSync(GRAPH));

/** An engine that loads everything at once and computes nothing. */
class FakeEngine extends TypedEventTarget<{ lost: { reason: string; models: readonly string[] } }> {
  readonly loaded = new Set<string>();
  /** Called before the ends of a pipeline are loaded. */
  beforeEnds: () => void = () => undefined;

  timeStage = () => Promise.resolve({ decodeMs: 1, prefillMs: 0.5 });

  loadStage({ id }: { id: string }) {
    this.loaded.add(id);
    return Promise.resolve({ info: { decodeMs: 1, prefillMs: 0.5 }, service: {} });
  }

  async loadEnds({ id }: { id: string }) {
    this.beforeEnds();
    this.loaded.add(id);
    return { tokenizerHash: "t", engine: "onnx", backend: "wasm", contextLength: 64 };
  }

  async unload(id: string) {
    this.loaded.delete(id);
  }

  /** Loses all models. */
  crash(): void {
    const models = [...this.loaded];
    this.loaded.clear();
    this.emit("lost", { reason: "It crashed.", models });
  }
}

/** The guide model, with weights of zeros. */
const library = {
  list: () => [],
  limitParts: () => Promise.resolve(),
  parts: (id: string, { onProgress }: Partial<Parameters<ModelLibrary["parts"]>[1]> = {}) => {
    if (id !== "guide") return Promise.reject(new MicrogridError("unknown-model", "There is no such model."));
    onProgress?.({
      phase: "read",
      loadedBytes: 1,
      totalBytes: 4,
      bytesPerSecond: 0,
      etaMs: undefined,
      text: "Reading",
    });
    return Promise.resolve({
      ...{ id, name: "Guide", graph: "g.onnx", graphBytes, weightsHash: "hash", contextLength: 64 },
      read: (_: string, __: number, length: number) => Promise.resolve(new Blob([new Uint8Array(length)])),
      stored: () => Promise.resolve(undefined),
      settings: () => Promise.resolve({ files: [], packageHash: "package" }),
    });
  },
} as unknown as ModelLibrary;

/** A node in the room. */
export interface PipelineNode {
  readonly did: Did;
  /** The memory that it gives, which a test may change. */
  readonly member: { given: number | undefined };
  readonly engine: FakeEngine;
  readonly store: StateStore;
  readonly pipelines: NodePipelines;
  readonly session: RoomSession;
}

/** A room, and the nodes in it. */
export class PipelineRoom {
  /** The charter's terms. */
  readonly terms = { models: "any" as "any" | readonly string[], contribution: "open" };
  readonly #bus = new Bus();
  readonly #present = new Map<Did, { readonly name: string; given: number | undefined }>();

  /** A node that enters the room. `given` is the memory that it gives; undefined if its user has not decided. */
  enter(name: string, given?: number): PipelineNode {
    const did = `did:key:${name}` as Did;
    const member = { name, given };
    const engine = new FakeEngine();
    const store = new StateStore({
      device: { memoryBytes: 4 * GIB } as DeviceInfo,
      policy: { privacy: "room" },
      models: [],
      room: undefined,
      pipelines: [],
      graphs: {},
      speeds: [],
      notices: [],
    } as unknown as GridState);
    const pipelines = new NodePipelines({
      self: did,
      device: store.state.device,
      supervisor: engine as unknown as EngineSupervisor,
      guests: engine as unknown as EngineSupervisor,
      graphs: new GraphService(),
      strangers: new GraphService(),
      library,
      store,
      givenBytes: () => member.given,
      localOffers: () => [],
      onChange: () => undefined,
    });
    const others = () => [...this.#present].filter(([id]) => id !== did);
    const session = {
      inside: { stages: this.#bus.join(did), weights: { source: () => ({}) } },
      charter: { terms: this.terms },
      get peers() {
        return others().map(([id, peer]) => ({
          ...{ id, name: peer.name },
          heartbeat: { layersBytes: peer.given ?? 0, sharing: true },
        }));
      },
    } as unknown as RoomSession;
    this.#present.set(did, member);
    pipelines.follow(session);
    return { did, member, engine, store, pipelines, session };
  }

  /** A node is gone from one moment to the next. */
  lose({ did }: { readonly did: Did }): void {
    this.#present.delete(did);
    this.#bus.kill(did);
  }
}
