/** Chooses the next step from the demo to a useful model: one in the room, or the best one for this device. */
import { type GridState, type ModelInfo, type ModelOffer, type ModelSpeed, type PeerState, familyOf } from "../../grid";
import { GUIDE, answeringModel, roomOffers } from "../state/models";
import { type RatedModel, byUse, samplesOf, usefulness } from "./useful";

/** A step that the page recommends. */
export type Recommendation =
  /** Somebody in the room shares a useful model: nothing has to be downloaded. */
  | { readonly kind: "ask"; readonly peer: PeerState; readonly offer: ModelOffer }
  | {
      readonly kind: "load";
      readonly model: ModelInfo;
      /** How many tokens per second it gives here; undefined if nothing has been measured yet. */
      readonly rate: number | undefined;
      /** Set if its own answers have told the rate, on this visit or an earlier one. */
      readonly speed: ModelSpeed | undefined;
      readonly slow: boolean;
    }
  /** Every model that fits would be so slow here that a download is not worth its time; the rate of the best one. */
  | { readonly kind: "too-slow"; readonly rate: number }
  /** No listed model fits this device. */
  | { readonly kind: "none" };

/** Tokens per second below which nobody waits for an answer: a short one would take two minutes. */
const TOO_SLOW_RATE = 1;

/** Most bytes of a first download: some minutes on an ordinary connection. */
const DOWNLOAD_BYTES = 1.6e9;
const MOBILE_DOWNLOAD_BYTES = 0.8e9;
/** Most memory of a model, where the browser does not tell how much there is. */
const MEMORY_BYTES = 3 * 2 ** 30;
const MOBILE_MEMORY_BYTES = 1.5 * 2 ** 30;
/** Share of the memory that a model may take beside everything else that people have open. */
const MEMORY_SHARE = 0.5;

/** The step to recommend; undefined while something better than the demo answers, or until the demo is ready. */
export function recommend(state: GridState, wanted: string | undefined): Recommendation | undefined {
  if (answeringModel(state, wanted)?.model !== GUIDE) return undefined;
  return inTheRoom(state) ?? here(state);
}

function inTheRoom(state: GridState): Recommendation | undefined {
  const offers = new Set(roomOffers(state));
  const [best] = (state.room?.peers ?? [])
    .flatMap((peer) => peer.offers.map((offer) => ({ kind: "ask" as const, peer, offer })))
    .filter(({ offer }) => offers.has(offer) && offer.model !== GUIDE)
    .sort((a, b) => size(b.offer.model) - size(a.offer.model));
  return best;
}

function here(state: GridState): Recommendation {
  const samples = samplesOf(state);
  const candidates = state.models.filter((model) => isCandidate(model, state));
  // A model that the person has begun to load stays in view, whatever has been measured since.
  const begun = candidates.filter(({ id }) => state.loads[id] !== undefined);
  const [best] = (begun.length > 0 ? begun : candidates)
    .map((model) => ({ model, ...usefulness(model, state, samples) }))
    .sort(samples.length > 0 || hasGpu(state) ? byUse : bySize);
  if (!best) return { kind: "none" };
  const { model, rate, speed, slow } = best;
  const toFetch = begun.length === 0 && model.stored !== "yes";
  if (toFetch && rate !== undefined && rate < TOO_SLOW_RATE) return { kind: "too-slow", rate };
  return { kind: "load", model, rate, speed, slow };
}

function isCandidate(
  { id, fit, downloadBytes = Infinity, memoryBytes = 0, stored }: ModelInfo,
  state: GridState,
): boolean {
  const { mobile, memoryBytes: all } = state.device;
  const download = stored === "yes" ? Infinity : mobile ? MOBILE_DOWNLOAD_BYTES : DOWNLOAD_BYTES;
  const memory = all === undefined ? (mobile ? MOBILE_MEMORY_BYTES : MEMORY_BYTES) : all * MEMORY_SHARE;
  return fit.fits && familyOf(id)?.family.strength !== undefined && downloadBytes <= download && memoryBytes <= memory;
}

function hasGpu({ device: { webgpu } }: GridState): boolean {
  return webgpu !== undefined && !webgpu.software;
}

/** As long as nothing was measured, a processor may be too slow for anything but the smallest model. */
function bySize(a: RatedModel, b: RatedModel): number {
  return (a.model.downloadBytes ?? Infinity) - (b.model.downloadBytes ?? Infinity);
}

function size(id: string): number {
  return familyOf(id)?.parameters ?? 0;
}
