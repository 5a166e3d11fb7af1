/** A node that holds stages of the guide model and answers through others, over real WebRTC. Tests drive it. */
import { type Did, type ErrorData, MicrogridError, errorToData, spawnWorker } from "../../src/core";
import { makeEphemeralKey, type Signer } from "../../src/identity";
import {
  type ChatMessage,
  EngineSupervisor,
  type PackageFile,
  type StageService,
  expandedBytes,
} from "../../src/inference";
import { Ring } from "../../src/pipeline/run/ring";
import type { RingStage } from "../../src/pipeline/run/ring-member";
import { stagePackage } from "../../src/pipeline/run/packages";
import { weightsInFiles } from "../../src/pipeline/testing/files";
import { StageServer } from "../../src/pipeline/run/stage-server";
import { type StageRange, extractStage, graphOf, readDecoder } from "../../src/pipeline/split";
import { inviteToUrl, parseInvite } from "../../src/room/invite/link";
import type { RoomOptions, RoomSession } from "../../src/room/room-session";
import type { ReceivedStageBody } from "../../src/room";
import { foundTestRoom } from "../../src/room/testing/founding";
import { enterBare } from "../bare-node";
import { Meter } from "./meter";
import gpuWorker from "../../workers/gpu?worker&url";

/** An answer of a pipeline. */
export interface PipedAnswer {
  readonly ids: readonly number[];
  readonly error: ErrorData | undefined;
  /** When each token came, ms of `performance.now()`. */
  readonly times: readonly number[];
}

/** Faults of a node whose links still work. */
type Fault = "deaf" | "stuck" | "late" | "nan" | "short";

export interface PipelinePage {
  readonly did: string;
  /** Tokens of the current answer so far. */
  readonly progress: number;
  /** Times of the ring, the stages and the links of this page. */
  readonly meter: Meter;
  /** `rtc`: needed if the others are not reached over the loopback. */
  found(server: string, rtc?: RTCConfiguration): Promise<string>;
  /** Enters a room, and holds all stages that others request. */
  join(invite: string, rtc?: RTCConfiguration): Promise<void>;
  peers(): string[];
  /**
   * Forms a pipeline; layers outside its stages stay here. `spare` nodes may replace lost ones; at most
   * `maxDraft` tokens (8 by default) are guessed ahead. `plain`: its ends are loaded a second time, as `plain`, which
   * guesses none.
   */
  form(
    stages: readonly (readonly [did: string, from: number, to: number])[],
    options?: { readonly spare?: readonly string[]; readonly maxDraft?: number; readonly plain?: boolean },
  ): Promise<void>;
  /** Loads the model in one piece, as `whole`. */
  loadWhole(): Promise<void>;
  /** Answers with the pipeline, or with the model in one piece; at most 200 tokens by default. */
  answer(
    messages: readonly ChatMessage[],
    model?: "guide" | "plain" | "whole",
    maxTokens?: number,
  ): Promise<PipedAnswer>;
  /** The nodes and their layers in the pipeline that was formed here. */
  stages(): readonly RingStage[];
  /** Stages that this node holds for others. */
  holds(): number;
  /**
   * From now on, this node ignores all frames to its stages (`deaf`), its model never ends a step (`stuck`), ends it
   * only after the node was replaced (`late`), returns NaN instead of numbers (`nan`), or too few numbers (`short`).
   */
  fail(how: Fault): void;
  /** Hands the layers that are held here to others. */
  handOver(): Promise<void>;
  close(): Promise<void>;
}

declare global {
  interface Window {
    pipeline: PipelinePage;
  }
}

const GRAPH = "onnx/model_q4.onnx";
const TEXTS = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"];
const LAYERS = 6;
/** `?backend=webgpu` computes on the GPU; `?stepTokens=31` makes steps of another length. */
const query = new URLSearchParams(location.search);
const backend = query.get("backend") === "webgpu" ? "webgpu" : "wasm";
const stepTokens = Number(query.get("stepTokens") ?? 16);
const LIMITS = { sequences: 16, contextLength: 1024, stepTokens, cacheBytes: 2 ** 26 };
const signal = new AbortController().signal;
const engines = new EngineSupervisor({ createWorker: () => spawnWorker(gpuWorker, "gpu") });

async function file(path: string): Promise<PackageFile> {
  const response = await fetch(`models/guide/${path}`);
  return { path, blob: await response.blob() };
}

/** The graph, read once, and the weights. */
const guide = (async () => {
  const [graph, weights] = await Promise.all([file(GRAPH), file(`${GRAPH}_data`)]);
  const decoder = readDecoder(new Uint8Array(await graph.blob.arrayBuffer()));
  return {
    decoder,
    expand: expandedBytes(graphOf(decoder)) !== undefined,
    weights: weightsInFiles(new Map([["model_q4.onnx_data", weights.blob]])),
  };
})();

async function part(id: string, range: StageRange) {
  const { decoder, expand, weights } = await guide;
  return stagePackage(extractStage(decoder, range), range, { id, name: "Guide", weights, expand, signal });
}

const signer = await makeEphemeralKey();
let session: RoomSession | undefined;
let host: StageServer | undefined;
let ring: Ring | undefined;
let progress = 0;
let fault: Fault | undefined;
/** The last step that came here for a stage. */
let heard: ReceivedStageBody<"stage.forward"> | undefined;
const meter = new Meter();

async function enter(entry: RoomOptions["entry"], self: Signer, rtc?: RTCConfiguration): Promise<void> {
  session = await enterBare(entry, self, rtc);
  serve();
  session.on("change", serve);
}

/** Holds stages as soon as this node is a member. */
function serve(): void {
  const traffic = session?.inside?.stages;
  if (!traffic || host) return;
  const handle = traffic.handle.bind(traffic);
  // A deaf node has no handlers.
  traffic.handle = (handlers, options) =>
    handle(
      new Proxy(handlers, { get: (all, kind) => (fault === "deaf" ? undefined : (Reflect.get(all, kind) as unknown)) }),
      options,
    );
  traffic.handle({ "stage.forward": (body) => void (heard = body) });
  meter.listen(traffic);
  host = new StageServer({
    traffic,
    open: ({ pipeline, from, to, next, attempt }, { signal: stopped, consumer }) =>
      meter.stage(async () => {
        const id = `stage:${pipeline}`;
        stopped.addEventListener("abort", () => {
          if (fault !== "late" || !heard) return;
          for (const did of [next, consumer]) traffic.post(did, "stage.forward", { ...heard, attempt });
        });
        const pkg = await part(id, { embed: false, from, to, head: false });
        const { info, service } = await engines.loadStage(pkg, { signal: stopped, backend, limits: LIMITS });
        return { info, service: faulty(service), close: () => void engines.unload(id) };
      }),
    onChange: () => undefined,
  });
}

function faulty(service: StageService): StageService {
  return {
    forward: async (step, options) => {
      if (fault === "stuck" || fault === "late") return new Promise(() => undefined);
      const hidden = await service.forward(step, options);
      if (fault === "nan") return hidden.map((tensor) => ({ ...tensor, bytes: tensor.bytes.map(() => 255) }));
      if (fault === "short") return hidden.map((tensor) => ({ ...tensor, bytes: tensor.bytes.slice(4) }));
      return hidden;
    },
    end: (sequence) => service.end(sequence),
  };
}

function traffic() {
  const found = session?.inside?.stages;
  if (!found) throw new MicrogridError("bad-request", "This page is in no room.");
  return found;
}

window.pipeline = {
  did: signer.did,
  get progress() {
    return progress;
  },
  meter,
  async found(server, rtc) {
    const { founder, parts, invite } = await foundTestRoom({ servers: [server] });
    Object.assign(window.pipeline, { did: founder.did });
    await enter({ membership: parts }, founder, rtc);
    return inviteToUrl(invite, location.href);
  },
  join: (invite, rtc) => enter({ invite: parseInvite(invite) }, signer, rtc),
  peers: () => session?.peers.filter(({ linked }) => linked).map(({ id }) => id) ?? [],
  async form(stages, { spare = [], maxDraft = 8, plain = false } = {}) {
    const [first, last] = [stages[0]?.[1] ?? 0, stages.at(-1)?.[2] ?? LAYERS];
    const back = await part("back", { embed: false, from: last, to: LAYERS, head: true });
    ring = await Ring.form(
      {
        traffic: traffic(),
        self: window.pipeline.did as Did,
        source: { model: "guide", graph: GRAPH, graphBytes: 1, weightsHash: "guide" },
        context: LIMITS.contextLength,
        sequences: LIMITS.sequences,
        stepTokens: LIMITS.stepTokens,
        returns: back.part.takes,
        replace: (range, not) => {
          const did = (spare as Did[]).find((each) => !not.has(each));
          if (!did) throw new Error("Nobody is left.");
          return [{ did, ...range }];
        },
        onChange: () => undefined,
      },
      stages.map(([did, from, to]) => ({ did: did as Did, from, to })),
      { signal },
    );
    const files = await Promise.all(TEXTS.map(file));
    const front = await part("front", { embed: true, from: 0, to: first, head: false });
    const names = { id: "guide", name: "Guide", packageHash: "guide" };
    const { contextLength } = LIMITS;
    const pkg = { ...names, files, front, back, contextLength, stepTokens, maxDraft, canGoBack: true };
    await engines.loadEnds(pkg, { signal, backend, ring: meter.ring(ring) });
    if (!plain) return;
    await engines.loadEnds({ ...pkg, id: "plain", maxDraft: 0 }, { signal, backend, ring: meter.ring(ring) });
  },
  async loadWhole() {
    const files = await Promise.all([...TEXTS, GRAPH, `${GRAPH}_data`].map(file));
    const pkg = { engine: "onnx", id: "whole", name: "Guide", packageHash: "guide", graph: GRAPH, files } as const;
    await engines.load(pkg, { signal, backend, onProgress: () => undefined });
  },
  async answer(messages, model = "guide", maxTokens = 200) {
    const ids: number[] = [];
    const times: number[] = [];
    let error: ErrorData | undefined;
    progress = 0;
    const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
    try {
      for await (const event of engines.generate({ model, messages, sampling, maxTokens }, { signal })) {
        if (event.type !== "token") continue;
        ids.push(...event.ids);
        times.push(performance.now());
        progress = ids.length;
      }
    } catch (caught) {
      error = errorToData(caught);
    }
    return { ids, error, times };
  },
  stages: () => ring?.stages.map(({ did, from, to }) => ({ did, from, to })) ?? [],
  holds: () => host?.stages.length ?? 0,
  fail: (how) => {
    fault = how;
  },
  handOver: async () => host?.handOver({ signal }),
  async close() {
    await engines.unload("guide");
    await engines.unload("plain");
    ring?.close();
  },
};
