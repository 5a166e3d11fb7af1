/** Says why nobody can answer a request: what became of each provider that was asked, and of all others. */
import { MicrogridError, capitalized, quotedName } from "../../core";
import { type Provider, type WorkRequest, wantsVectors } from "../../inference";
import { type Loss, lossText } from "./losses";

/** Stands for any model that the chosen provider has ready. */
export const ANY_MODEL = "auto";

/** A provider that was asked in this answer and did not complete it. */
export interface Failure {
  /** Its name within a sentence. */
  readonly who: string;
  readonly loss: Loss;
  /** Whether it is left out of the present choice. */
  readonly avoided: boolean;
}

/** The facts about a choice that found nobody. */
interface NobodyFacts {
  readonly failures: readonly Failure[];
  /** All providers at present. */
  readonly providers: readonly Provider[];
  /** True if a provider has the model, but is not among those that the request allows. */
  readonly unwanted: boolean;
}

export function nobodyCan(request: WorkRequest, { failures, providers, unwanted }: NobodyFacts): MicrogridError {
  const failed = failures.map((failure) => `${capitalized(lossText(failure.loss, failure.who))}.`);
  const sentences = unwanted
    ? [
        `${nameOf(request)} is ready, but not where this request may be answered.`,
        ...failed,
        "Let others answer it too, or try again later.",
      ]
    : [
        `${nameOf(request)} is not ready here.`,
        ...(failed.length > 0 ? [...failed, "Nobody else offers it."] : [nobodyElse(providers)]),
        "Load it here, or try again later.",
      ];
  return new MicrogridError("no-provider", sentences.join(" "));
}

/** Every provider that has the model is too far away for the user's privacy setting. */
export function forbidden(request: WorkRequest, privacy: string): MicrogridError {
  const limit = privacy === "device" ? "this device" : "the room";
  return new MicrogridError(
    "no-provider",
    `${nameOf(request)} is only ready elsewhere, and your privacy setting keeps prompts within ${limit}. Load it here, or change the setting.`,
  );
}

export function allBusy(): MicrogridError {
  return new MicrogridError(
    "no-provider",
    "All devices that could answer are busy. Try again in a while, or load the model here.",
  );
}

/** A provider's name within a sentence. */
export function who({ kind, name }: Pick<Provider, "kind" | "name">): string {
  if (kind === "pipeline") return "the pipeline";
  return kind === "local" ? "this device" : quotedName(name);
}

function nobodyElse(providers: readonly Provider[]): string {
  return providers.some(({ kind }) => kind === "peer")
    ? "Nobody in the room offers it."
    : "No other device is connected.";
}

function nameOf(request: WorkRequest): string {
  if (request.model !== ANY_MODEL) return `The model “${request.model}”`;
  return wantsVectors(request) ? "A model for embeddings" : "A model";
}
