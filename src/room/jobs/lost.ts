/** The error that a consumer gets if a peer ends a job before its answer is complete. */
import { type ErrorCode, MicrogridError } from "../../core";
import { LEFT_ROOM } from "../constants";
import type { RoomLink } from "../protocol";

/** Errors that say something about the request itself: no other provider would do better. */
export const ABOUT_THE_REQUEST: readonly ErrorCode[] = ["context-exceeded", "bad-request"];

/** Why a job ended early. */
type JobLoss =
  | "left"
  | "you-left"
  | "disconnected"
  | "unreachable"
  | "silent"
  | "slow"
  | "paused"
  | "unloaded"
  | "refused"
  | "engine"
  | "stage"
  | "protocol";

/** The codes of `job.failed` that name a reason; any other code is a fault of the provider’s engine. */
const SAID: ReadonlyMap<string, JobLoss> = new Map([
  ["left", "left"],
  ["paused", "paused"],
  ["timeout", "slow"],
  ["model-not-loaded", "unloaded"],
  ["stage-lost", "stage"],
]);

/** A job ended early. */
export class JobLostError extends MicrogridError {
  readonly loss: JobLoss;

  constructor(loss: JobLoss, message: string, code: ErrorCode = "peer-lost", field?: string) {
    super(code, message, { field });
    this.loss = loss;
  }
}

/** The provider tried and failed; its `code` and `field` are kept where they say something about the request itself. */
export class JobFailedError extends JobLostError {
  constructor(code: string, message: string, field?: string) {
    const known = ABOUT_THE_REQUEST.find((candidate) => candidate === code);
    if (known) super("refused", message, known, field);
    else super(SAID.get(code) ?? "engine", `The device that answered could not go on: ${message}`);
  }
}

/** The link to the provider has ended. */
export function linkEnded(
  { accused, endedHere }: Pick<RoomLink, "accused" | "endedHere">,
  reason: string,
): JobLostError {
  const text = `The device that answered is gone: ${reason}.`;
  if (accused) return new JobLostError("protocol", text);
  if (reason !== LEFT_ROOM) return new JobLostError("disconnected", text);
  return endedHere ? new JobLostError("you-left", "This device has left the room.") : new JobLostError("left", text);
}
