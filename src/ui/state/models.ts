/** Which model answers: the one that was asked for where it is ready, else one that is. */
import type { Backend, GridState, ModelOffer, Sampling } from "../../grid";

/** Id of the model that is built in. */
export const GUIDE = "guide";

/** Most tokens of an answer, unless the conversation says otherwise. */
const DEFAULT_MAX_TOKENS = 1024;

/** Sampling where a conversation sets nothing. The guide was trained to be decoded greedily. */
export function defaultSampling(model: string | undefined): Sampling {
  return {
    temperature: model === GUIDE ? 0 : 0.7,
    topK: 40,
    topP: 0.95,
    minP: 0.05,
    repetitionPenalty: 1,
  };
}

/** Most tokens of an answer by default: at most half of the model's context. */
export function defaultMaxTokens(contextLength: number | undefined): number {
  return contextLength === undefined ? DEFAULT_MAX_TOKENS : Math.min(DEFAULT_MAX_TOKENS, Math.floor(contextLength / 2));
}

/** The offers of this device, keyed by model. */
export function localOffers(state: GridState): ModelOffer[] {
  return Object.values(state.loads).flatMap((load) => (load.kind === "ready" ? [load.offer] : []));
}

/** What this device runs together with others, as one offer each; those that are being formed are not among them. */
export function pipelineOffers({ pipelines, policy }: GridState): ModelOffer[] {
  return policy.privacy === "device" ? [] : pipelines.flatMap(({ offer }) => offer ?? []);
}

/** How many devices hold layers, with this one, which holds embedding and head. */
export function deviceCount(stages: readonly { readonly peer: string }[]): number {
  return new Set(["self", ...stages.map(({ peer }) => peer)]).size;
}

/** What the peers of the room offer now. */
export function roomOffers(state: GridState): ModelOffer[] {
  if (state.policy.privacy === "device") return [];
  return (state.room?.peers ?? []).flatMap((peer) => (peer.sharing ? peer.offers : []));
}

/**
 * The model for a request: the wanted one where it is ready here, together with others, or in the room, else the
 * first that is ready here, else the first that runs together, else the first that the room offers, else none.
 */
export function answeringModel(state: GridState, wanted: string | undefined): ModelOffer | undefined {
  const local = localOffers(state);
  const together = pipelineOffers(state);
  const room = roomOffers(state);
  return (
    local.find((offer) => offer.model === wanted) ??
    together.find((offer) => offer.model === wanted) ??
    room.find((offer) => offer.model === wanted) ??
    local.find((offer) => offer.model !== GUIDE) ??
    together[0] ??
    local[0] ??
    best(room)
  );
}

/** True while some model is on its way into memory. */
export function isLoading(state: GridState): boolean {
  return Object.values(state.loads).some((load) => load.kind === "loading");
}

/** True where somebody in the room may come to offer a model. */
export function mayOffer({ room, policy }: GridState): boolean {
  return room !== undefined && policy.privacy !== "device";
}

/** Why nobody can answer as things stand, for people; undefined where somebody can, or will in a moment. */
export function whyNobody(state: GridState): string | undefined {
  if (state.role === "starting" || isLoading(state) || answeringModel(state, undefined)) return undefined;
  const { room } = state;
  const here = "no model is loaded on this device";
  if (!room) return `Nobody can answer yet: ${here}.`;
  if (!mayOffer(state)) return `Your chats stay on this device, as you chose, and ${here}.`;
  if (room.peers.length === 0) return `Nobody else is in “${room.name}” now, and ${here}.`;
  return room.peers.some(({ sharing }) => sharing)
    ? `Nobody in “${room.name}” has a model ready, and ${here}.`
    : `Nobody in “${room.name}” shares a device, and ${here}.`;
}

/** A model's name for people. */
export function modelName(state: GridState, id: string): string {
  return (
    state.models.find((model) => model.id === id)?.name ??
    roomOffers(state).find((offer) => offer.model === id)?.name ??
    state.pipelines.find(({ model }) => model === id)?.name ??
    id
  );
}

/** Where a model computes, for people. */
export function backendName(backend: Backend): string {
  return backend === "webgpu" ? "WebGPU" : "WASM (CPU)";
}

// Of what the room offers, a larger model usually beats the guide.
function best(offers: readonly ModelOffer[]): ModelOffer | undefined {
  return offers.find((offer) => offer.model !== GUIDE) ?? offers[0];
}
