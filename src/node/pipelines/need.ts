/** Decides whether a request needs a pipeline that does not exist yet. */
import type { Provider } from "../../inference";
import { isSameModel } from "../../room";
import type { AnswerRequest, GridState } from "../types";
import { roomCapacity } from "./capacity";

/**
 * True where a pipeline is asked for, or where the model is ready nowhere (`others`) and too large for this device while the
 * room could run it. Call it inside of rooms only.
 */
export function needsPipeline(
  { generation, provider, policy }: AnswerRequest,
  state: GridState,
  others: readonly Provider[],
): boolean {
  if (provider !== undefined && provider !== "pipeline") return false;
  const { model } = generation;
  const info = state.models.find(({ id }) => id === model);
  const privacy = policy?.privacy ?? state.policy.privacy;
  if (!info || privacy === "device") return false;
  if (provider === "pipeline") return true;
  const isOffered = others.some((each) => each.models().some((offer) => isSameModel(offer.model, model)));
  const capacity = roomCapacity(state, info);
  const worthTrying = capacity !== undefined && capacity.helpers.length > 0 && capacity.missingBytes === 0;
  return !isOffered && !info.fit.fits && worthTrying;
}
