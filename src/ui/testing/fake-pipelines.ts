/** Pipelines without models: plans over the made-up peers, forming, repairing, and what goes wrong. */
import { MicrogridError, isAbort } from "../../core";
import type { Pipeline, Pipelines } from "../../grid/contract";
import type { LeftOut, PipelinePlan, PipelineState, PlanOptions, PlannedStage, StageState } from "../../grid";
import { type FakeBorder, asked, pause } from "./border";
import { fakeLayers, guideOffer } from "./model-fixtures";

/** Abilities of the made-up devices. Devices of the room have the ids of its peers. */
const NODES = [
  { peer: "self", name: "This device", share: 4e9, layerMs: 0.9, hopMs: 4 },
  { peer: "a", name: "Ada’s desktop", share: 6e9, layerMs: 0.55, hopMs: 13 },
  { peer: "c", name: "Library kiosk 3", share: 2.4e9, layerMs: 2.1, hopMs: 9 },
] as const;
/** Further devices, if the address asks for many. */
const MORE = Array.from({ length: 7 }, (_, index) => ({
  peer: `more-${index}`,
  name: `Lab computer ${index + 1}`,
  share: 1e9 + 3e8 * index,
  layerMs: 0.8 + 0.2 * index,
  hopMs: 3 + (index % 3),
}));
const ENDS_MS = 6;
const LOADING_STEPS = 30;

export class FakePipelines implements Pipelines {
  readonly #border: FakeBorder;
  #count = 0;

  constructor(border: FakeBorder) {
    this.#border = border;
  }

  async plan(id: string, options: PlanOptions & { signal?: AbortSignal } = {}): Promise<PipelinePlan> {
    await pause(asked("asking") ? 1e8 : 1800, options.signal);
    if (asked("plan-fails"))
      throw new MicrogridError(
        "unsupported-model",
        "This model cannot be split: its graph keeps state that is not tied to layers. Choose another one.",
      );
    const model = this.#border.state().models.find((each) => each.id === id);
    const layers = fakeLayers(id);
    const neededBytes = model?.memoryBytes ?? 1e9;
    const layerBytes = neededBytes / layers;
    const stages = split(layers, layerBytes, options.stages).map((stage) => {
      return { ...stage, decodeMs: stage.decodeMs * speedOf(id), hopMs: stage.hopMs * speedOf(id) };
    });
    const endsMs = ENDS_MS * speedOf(id);
    const roundMs = stages.reduce((sum, { decodeMs, hopMs }) => sum + decodeMs + hopMs, endsMs);
    const offered = nodes().reduce((sum, { share }) => sum + share, 0);
    const missing = neededBytes - offered;
    return {
      model: id,
      name: model?.name ?? id,
      graph: "onnx/model_q4f16.onnx",
      weightsHash: "w",
      layers,
      context: 4096,
      sequences: options.answers ?? 1,
      stages: missing > 0 ? [] : stages,
      endsMs,
      entryMs: 0,
      msPerToken: roundMs,
      tokensPerSecond: ((options.answers ?? 1) > 1 ? 1900 : 1000) / roundMs,
      neededBytes,
      missing:
        missing > 0
          ? { bytes: missing, text: "It needs 18.5 GB, and all who help give 12.4 GB: 6.1 GB more." }
          : undefined,
      leftOut: missing > 0 ? LEFT_OUT.slice(0, 1) : LEFT_OUT,
    };
  }

  async open(plan: PipelinePlan, { signal }: { signal?: AbortSignal } = {}): Promise<Pipeline> {
    this.#count += 1;
    const id = `pipeline-${this.#count}`;
    const stages = plan.stages.map(({ peer, name, from, to, bytes }): StageState => {
      return { peer, name, from, to, ready: false, loadedBytes: 0, totalBytes: bytes * 0.93 };
    });
    const { model, name, layers } = plan;
    await this.#put({ id, model, name, layers, status: "forming", offer: undefined, stages });
    try {
      for (let step = 1; step <= LOADING_STEPS * 1.6; step += 1) {
        await pause(asked("forming") && step > 14 ? 1e8 : 120, signal);
        if (asked("form-fails") && step > 16)
          throw new MicrogridError(
            "peer-lost",
            "Ada’s desktop left while its layers were loaded. Nothing is running; plan again with those who are here.",
          );
        await this.#patch(id, { stages: stages.map((stage, index) => loaded(stage, step / (1 + index * 0.3))) });
      }
    } catch (error) {
      await this.#drop(id);
      throw isAbort(error) ? (signal?.reason ?? error) : error;
    }
    const offer = { ...guideOffer, model, name, devices: stages.length };
    await this.#patch(id, { status: "ready", offer, stages: stages.map((stage) => loaded(stage, LOADING_STEPS)) });
    if (asked("repairing")) void pause(2500).then(() => this.#patch(id, { status: "repairing" }));
    return this.#pipeline(id, model);
  }

  list(): readonly Pipeline[] {
    return this.#border.state().pipelines.map(({ id, model }) => this.#pipeline(id, model));
  }

  #pipeline(id: string, model: string): Pipeline {
    const find = (): PipelineState | undefined => this.#border.state().pipelines.find((each) => each.id === id);
    return {
      id,
      model,
      get state(): PipelineState | undefined {
        return find();
      },
      close: () => this.#drop(id),
    };
  }

  #put(pipeline: PipelineState): Promise<void> {
    return this.#border.set({ pipelines: [...this.#border.state().pipelines, pipeline] });
  }

  #patch(id: string, patch: Partial<PipelineState>): Promise<void> {
    const { pipelines } = this.#border.state();
    return this.#border.set({ pipelines: pipelines.map((each) => (each.id === id ? { ...each, ...patch } : each)) });
  }

  #drop(id: string): Promise<void> {
    return this.#border.set({ pipelines: this.#border.state().pipelines.filter((each) => each.id !== id) });
  }
}

const LEFT_OUT: readonly LeftOut[] = [
  {
    peer: "b",
    name: "Grace",
    why: "consent",
    text: "Its user was asked whether it may hold layers, and has not answered yet.",
  },
  { peer: "d", name: "Alan’s tablet", why: "silent", text: "It did not answer in time." },
];

const nodes = (): readonly (typeof NODES | typeof MORE)[number][] => (asked("many") ? [...NODES, ...MORE] : NODES);

/** The small model takes times as they are measured on good devices. */
const speedOf = (id: string): number => (id === "guide" ? 0.05 : 1);

/** Layers in proportion to what each gives. */
function split(layers: number, layerBytes: number, wanted = nodes().length): PlannedStage[] {
  const chosen = nodes().slice(0, Math.max(1, wanted));
  const all = chosen.reduce((sum, { share }) => sum + share, 0);
  let from = 0;
  return chosen.map(({ peer, name, share, layerMs, hopMs }, index) => {
    const to = index === chosen.length - 1 ? layers : from + Math.max(1, Math.round((layers * share) / all));
    const stage = { peer, name, from, to, bytes: (to - from) * layerBytes, decodeMs: (to - from) * layerMs, hopMs };
    from = to;
    return stage;
  });
}

function loaded(stage: StageState, step: number): StageState {
  const part = Math.min(1, step / LOADING_STEPS);
  return { ...stage, ready: part === 1, loadedBytes: stage.totalBytes * part };
}

/** A pipeline as it would be without having been formed, for looking at it. */
export const fakePipeline = (model: string, name: string): PipelineState => ({
  id: "pipeline-0",
  model,
  name,
  layers: fakeLayers(model),
  status: asked("repairing") ? "repairing" : "ready",
  offer: { ...guideOffer, model, name, devices: 4 },
  stages: split(fakeLayers(model), 0.16e9, undefined).map(({ peer, name: device, from, to, bytes }, index) => ({
    peer,
    name: device,
    from,
    to,
    ready: !(asked("repairing") && index === 1),
    loadedBytes: asked("repairing") && index === 1 ? bytes * 0.4 : bytes,
    totalBytes: bytes,
  })),
});
