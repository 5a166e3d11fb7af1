/** The models that requests can name, in OpenAI's shape. */
import type { Model } from "openai/resources/models";
import type { ModelOffer } from "../../inference";
import type { GridState } from "../../node";
import { HttpError } from "./errors";

/** A model of the list, with what Microgrid adds. */
interface ListedModel extends Model {
  readonly microgrid: {
    readonly name: string;
    /** Where answers come from; `stored` means that the first request loads the model on this device. */
    readonly from: "device" | "room" | "pipeline" | "stored";
    /** Whether it answers chats or makes embeddings. */
    readonly purpose: "chat" | "embedding";
    /** Tokens of prompt and answer together, or of a text that is turned into a vector; null while unknown. */
    readonly context_length: number | null;
  };
}

/** The models that can answer now, and those on this device that the first request loads. Each id once, the nearest first. */
export function listedModels(state: GridState): ListedModel[] {
  const offered = (from: "device" | "room" | "pipeline", offers: readonly ModelOffer[]): ListedModel[] =>
    offers.map(({ model, name, contextLength, embedding }) => {
      const purpose = embedding ? "embedding" : "chat";
      return listed(model, { name, from, purpose, context_length: contextLength });
    });
  const loaded = Object.values(state.loads).flatMap((load) => (load.kind === "ready" ? [load.offer] : []));
  const all = [
    ...offered("device", loaded),
    ...offered(
      "pipeline",
      state.pipelines.flatMap(({ offer }) => (offer ? [offer] : [])),
    ),
    ...offered("room", state.room?.peers.flatMap(({ offers, sharing }) => (sharing ? offers : [])) ?? []),
    ...state.models
      .filter(({ stored, fit }) => stored === "yes" && fit.fits)
      .map(({ id, name, purpose, contextLength }) =>
        listed(id, { name, from: "stored", purpose, context_length: contextLength ?? null }),
      ),
  ];
  return all.filter(({ id }, index) => all.findIndex((model) => model.id === id) === index);
}

function listed(id: string, microgrid: ListedModel["microgrid"]): ListedModel {
  return { id, object: "model", created: 0, owned_by: "microgrid", microgrid };
}

/** The model with this id. Throws if no request can name it. */
export function listedModel(id: string, state: GridState): ListedModel {
  const model = listedModels(state).find((candidate) => candidate.id === id);
  if (model) return model;
  const known = state.models.some((candidate) => candidate.id === id);
  throw new HttpError(
    404,
    "model_not_found",
    known
      ? `The model “${id}” is not on this device, and nobody in the room offers it. Download it on the page first.`
      : `There is no model “${id}” here. GET /v1/models lists those that can answer; “auto” takes any of them.`,
  );
}
