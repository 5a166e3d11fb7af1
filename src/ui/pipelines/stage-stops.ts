/** The path of one token through the devices of a pipeline, for the ring and the list. */
import type { GridState, PipelinePlan, PipelineState, PlannedStage, StageState } from "../../grid";

/** One stage on the path of a token. */
export interface StageStop {
  readonly peer: string;
  /** The device's identity, for its avatar. */
  readonly did: string;
  readonly name: string;
  /** The device's number, 0 for this one; it selects the colour. */
  readonly device: number;
  /** True for this device's first stage, which has the embedding and the head. */
  readonly ends: boolean;
  /** Layers `[from, to)`; undefined if it holds none. */
  readonly layers: { readonly from: number; readonly to: number } | undefined;
  readonly bytes: number;
  /** Time of one token here, and from here to the next stage, in ms; undefined if unknown. */
  readonly ms: number | undefined;
  readonly hopMs: number | undefined;
  /** How much of its part is loaded; undefined before loading starts. */
  readonly loaded: Loaded | undefined;
}

interface Loaded {
  readonly ready: boolean;
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

type Part = Pick<PlannedStage, "peer" | "name" | "from" | "to" | "bytes"> &
  Partial<Pick<PlannedStage, "decodeMs" | "hopMs">> & { readonly loaded?: Loaded };

/** The stages of a plan or, if given, of the running pipeline with its loading progress. */
export function stageStops(
  state: GridState,
  plan: PipelinePlan | undefined,
  running?: PipelineState,
): readonly StageStop[] {
  const parts: readonly Part[] = running ? running.stages.map((stage) => partOf(stage, plan)) : (plan?.stages ?? []);
  if (parts.length === 0) return [];
  const [first] = parts;
  // Layers that this device holds at the start of the path form one stage with the embedding.
  const merged = first?.peer === "self" ? first : undefined;
  const numbers = new Map([["self", 0]]);
  const stop = (part: Part): StageStop => {
    const device = numbers.get(part.peer) ?? numbers.size;
    numbers.set(part.peer, device);
    const { from, to, bytes, decodeMs: ms, hopMs, loaded } = part;
    return { ...who(state, part), device, ends: false, layers: { from, to }, bytes, ms, hopMs, loaded };
  };
  const ends: StageStop = {
    ...who(state, { peer: "self", name: "" }),
    device: 0,
    ends: true,
    layers: merged && { from: merged.from, to: merged.to },
    bytes: merged?.bytes ?? 0,
    ms: plan && plan.endsMs + (merged?.decodeMs ?? 0),
    hopMs: merged ? merged.hopMs : plan?.entryMs,
    loaded: merged?.loaded,
  };
  return [ends, ...parts.slice(merged ? 1 : 0).map(stop)];
}

function partOf(stage: StageState, plan: PipelinePlan | undefined): Part {
  const { peer, name, from, to, ready, loadedBytes, totalBytes } = stage;
  const planned = plan?.stages.find((each) => each.peer === peer && each.from === from && each.to === to);
  const loaded = { ready, loadedBytes, totalBytes };
  return { ...planned, peer, name, from, to, bytes: planned?.bytes ?? totalBytes, loaded };
}

function who(
  { node, room }: GridState,
  { peer, name }: { peer: string; name: string },
): Pick<StageStop, "peer" | "did" | "name"> {
  if (peer === "self") return { peer, did: node.did, name: "This device" };
  return { peer, did: room?.peers.find(({ id }) => id === peer)?.did ?? peer, name };
}
