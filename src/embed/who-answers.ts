/** Finds the model for a question: the element's own if it is within reach, else any that the room offers. */
import { MicrogridError, deferred, onAbort, quotedName } from "../core";
import type { GridApi, GridState, ModelOffer, Policy } from "../grid";

/** How long a question waits for the offers of a room, ms. */
const OFFERS_MS = 10_000;

/** The element's wishes for an answer. */
interface Wishes {
  /** Id of the wanted model, or empty for any model that the room offers. */
  readonly model: string;
  readonly policy: Policy;
  /** The loading of the wanted model on this device; undefined if it is not loaded here. */
  readonly load: Promise<void> | undefined;
}

/** The model to ask for, and an offer of it if one is known. */
interface Target {
  readonly model: string;
  readonly offer: ModelOffer | undefined;
}

/**
 * Waits until the wanted model is ready here or offered in the room. If it cannot be loaded, a model that the room
 * offers takes its place. Rejects with the error of the load, with `no-provider`, or with the signal's reason.
 */
export async function whoAnswers(grid: GridApi, wishes: Wishes, signal: AbortSignal): Promise<Target> {
  const loading = watch(wishes.load);
  const outOfTime = AbortSignal.timeout(OFFERS_MS);
  for (;;) {
    signal.throwIfAborted();
    const target = inReach(grid.state, wishes, loading.failure !== undefined);
    if (target) return target;
    const offersMayCome = grid.state.room !== undefined && wishes.policy.privacy !== "device" && !outOfTime.aborted;
    if (!loading.pending && !offersMayCome) {
      if (loading.failure !== undefined) throw loading.failure;
      if (wishes.model !== "") return { model: wishes.model, offer: undefined };
      throw nobody(grid.state, wishes.policy);
    }
    // A signal that has aborted would end each wait at once, and the loop would never let the page do anything else.
    const ends = outOfTime.aborted ? signal : AbortSignal.any([signal, outOfTime]);
    await Promise.race([changed(grid, ends), ...(loading.pending ? [loading.end] : [])]);
  }
}

function inReach({ loads, room }: GridState, { model, policy }: Wishes, failed: boolean): Target | undefined {
  const local = loads[model];
  if (local?.kind === "ready" && chats(local.offer)) return { model, offer: local.offer };
  // Another part of the page may have loaded a model; this device is nearer than any room.
  const loaded = Object.values(loads).find((load) => load.kind === "ready" && chats(load.offer));
  if (model === "" && loaded?.kind === "ready") return { model: loaded.offer.model, offer: loaded.offer };
  const peers = policy.privacy === "device" ? [] : (room?.peers ?? []).filter((peer) => peer.sharing);
  const offers = peers.flatMap((peer) => peer.offers.filter(chats));
  const offer = offers.find((each) => each.model === model) ?? (model === "" || failed ? offers[0] : undefined);
  return offer && { model: offer.model, offer };
}

/** Models that make embeddings answer nobody. */
function chats({ embedding }: ModelOffer): boolean {
  return embedding === undefined;
}

function watch(load: Promise<void> | undefined): {
  pending: boolean;
  failure: Error | undefined;
  readonly end: Promise<void>;
} {
  const watched = { pending: load !== undefined, failure: undefined as Error | undefined, end: Promise.resolve() };
  if (!load) return watched;
  watched.end = load.then(
    () => void (watched.pending = false),
    (error: unknown) => {
      watched.pending = false;
      watched.failure = error instanceof Error ? error : new Error(String(error));
    },
  );
  return watched;
}

/** Resolves at the next change of the grid's state, or when the signal is aborted. */
async function changed(grid: GridApi, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = deferred<unknown>();
  using _ = onAbort(signal, resolve);
  const stop = grid.on("change", resolve);
  await promise;
  stop();
}

function nobody({ room }: GridState, { privacy }: Policy): MicrogridError {
  return new MicrogridError(
    "no-provider",
    room && privacy !== "device"
      ? `Nobody in ${quotedName(room.name)} offers a model right now, and this chat loads none on your device. Ask again when somebody shares a device.`
      : "This chat loads no model on your device, and it is in no room that could answer. Join its room, then ask again.",
  );
}
