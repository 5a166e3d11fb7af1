/** Finds the reason code in the error with which a provider's part of an answer ended. */
import { MicrogridError } from "../../core";
import { JobLostError, JobRefusedError } from "../../room";
import type { Loss } from "./losses";

/** A provider was left because another one would finish much earlier. */
export class TooSlowError extends MicrogridError {
  constructor() {
    super("peer-lost", "The provider is much slower than expected, and another one is not.");
  }
}

export function lossOf(error: unknown): Loss {
  if (error instanceof TooSlowError) return "slow";
  if (error instanceof JobLostError) return error.loss;
  if (error instanceof JobRefusedError) return refusal(error);
  const code = error instanceof MicrogridError ? error.code : "internal";
  switch (code) {
    case "peer-lost":
      return "disconnected";
    case "peer-protocol":
      return "protocol";
    case "model-not-loaded":
      return "unloaded";
    case "stage-lost":
    case "stage-refused":
      return "stage";
    case "context-exceeded":
    case "bad-request":
      return "refused";
    default:
      return "engine";
  }
}

function refusal({ reason }: JobRefusedError): Loss {
  switch (reason) {
    case "busy":
      return "busy";
    case "unknown-model":
      return "unloaded";
    case "charter":
      return "rules";
    case "policy":
      return "paused";
    case "draining":
      return "left";
    case "too-large":
      return "refused";
  }
}
