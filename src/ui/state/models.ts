/** Chooses the model that answers: the wanted one if it is ready, else another one that is. */
import { quotedName } from "../../core";
import type { Backend, GridState, ModelOffer, Sampling } from "../../grid";
import { DEFAULT_SAMPLING } from "../../grid/parts";

/** The facts about a model that a request depends on. */
export interface RequestedModel {
  readonly model: string;
  /** Undefined while no offer of the model is known. */
  readonly contextLength: number | undefined;
  readonly chat?: ModelOffer["chat"];
}

/** Id of the built-in model. */
export const GUIDE = "guide";

/** Most tokens of an answer, unless the conversation says otherwise. */
const DEFAULT_MAX_TOKENS = 1024;
/** The same for models that think before they answer. */
const THINKING_MAX_TOKENS = 4096;

/** Sampling where a conversation sets nothing: the model's own, as in the API. */
export function defaultSampling(offer: Pick<ModelOffer, "sampling"> | undefined): Sampling {
  return offer?.sampling ?? DEFAULT_SAMPLING;
}

/** Most tokens of an answer by default: at most half of the model's context. Thoughts count, too. */
export function defaultMaxTokens(offer: Pick<RequestedModel, "contextLength" | "chat"> | undefined): number {
  const most = offer?.chat?.thinks ? THINKING_MAX_TOKENS : DEFAULT_MAX_TOKENS;
  return offer?.contextLength === undefined ? most : Math.min(most, Math.floor(offer.contextLength / 2));
}

/** Everything that is loaded on this device, also models that make embeddings. */
export function loadedOffers(state: GridState): ModelOffer[] {
  return Object.values(state.loads).flatMap((load) => (load.kind === "ready" ? [load.offer] : []));
}

/** The offers of this device that can answer. */
export function localOffers(state: GridState): ModelOffer[] {
  return loadedOffers(state).filter(chats);
}

function chats({ embedding }: ModelOffer): boolean {
  return embedding === undefined;
}

/** One offer for each pipeline that this device runs together with others. Pipelines that are still being formed make none. */
export function pipelineOffers({ pipelines, policy }: GridState): ModelOffer[] {
  return policy.privacy === "device" ? [] : pipelines.flatMap(({ offer }) => offer ?? []);
}

/** The number of devices that hold layers. This device counts, since it holds embedding and head. */
export function deviceCount(stages: readonly { readonly peer: string }[]): number {
  return new Set(["self", ...stages.map(({ peer }) => peer)]).size;
}

/** Everything that the peers in the room offer now, also models that make embeddings. */
export function peerOffers(state: GridState): ModelOffer[] {
  if (state.policy.privacy === "device") return [];
  return (state.room?.peers ?? []).flatMap((peer) => (peer.sharing ? peer.offers : []));
}

/** The offers of the peers that can answer. */
export function roomOffers(state: GridState): ModelOffer[] {
  return peerOffers(state).filter(chats);
}

/** All offers that can answer now: those of this device first, then pipelines, then the room. */
export function readyOffers(state: GridState): ModelOffer[] {
  return [...localOffers(state), ...pipelineOffers(state), ...roomOffers(state)];
}

/**
 * The model for a request: the wanted one if it is ready here, in a pipeline or in the room; else the first that is
 * ready here, in a pipeline or in the room, in this order. Undefined if there is none.
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

/** True while a model is being loaded. */
export function isLoading(state: GridState): boolean {
  return Object.values(state.loads).some((load) => load.kind === "loading");
}

/** True if a member of the room may offer a model later. */
export function mayOffer({ room, policy }: GridState): boolean {
  return room !== undefined && policy.privacy !== "device";
}

/** The reason, for people, why nobody can answer now. Undefined if somebody can, or will be able to in a moment. */
export function whyNobody(state: GridState): string | undefined {
  if (state.role === "starting" || isLoading(state) || answeringModel(state, undefined)) return undefined;
  const { room } = state;
  const here = "no model is loaded on this device";
  if (!room) return `Nobody can answer yet: ${here}.`;
  if (!mayOffer(state)) return `Your chats stay on this device, as you chose, and ${here}.`;
  if (room.peers.length === 0) return `Nobody else is in ${quotedName(room.name)} now, and ${here}.`;
  return room.peers.some(({ sharing }) => sharing)
    ? `Nobody in ${quotedName(room.name)} has a model ready, and ${here}.`
    : `Nobody in ${quotedName(room.name)} shares a device, and ${here}.`;
}

/** A model's name for people. */
export function modelName(state: GridState, id: string): string {
  return (
    state.models.find((model) => model.id === id)?.name ??
    peerOffers(state).find((offer) => offer.model === id)?.name ??
    state.pipelines.find(({ model }) => model === id)?.name ??
    id
  );
}

/** The name of a backend for people. */
export function backendName(backend: Backend): string {
  return backend === "webgpu" ? "WebGPU" : "WASM (CPU)";
}

// A larger model that the room offers usually answers better than the guide.
function best(offers: readonly ModelOffer[]): ModelOffer | undefined {
  return offers.find((offer) => offer.model !== GUIDE) ?? offers[0];
}
