/** Embeddings in OpenAI's shapes. */
import type { CreateEmbeddingResponse } from "openai/resources/embeddings";
import { base64 } from "@scure/base";
import * as v from "valibot";
import { EmbeddingIdsSchema, EmbeddingTextSchema, MAX_EMBEDDING_INPUTS } from "../inference";
import type { EmbedRequest, EmbedResult } from "../node";
import { checked } from "./check";
import { maybe, ownFields, serviceFields, wishesOf } from "./fields";
import { withField } from "./refusals";
import type { Embeddings, MicrogridEmbeddings } from "./types";

/** Computes vectors, as the node does. */
export type Embed = (request: EmbedRequest, options: { signal?: AbortSignal }) => Promise<EmbedResult>;

const Body = v.strictObject({
  model: v.string(),
  input: v.union(
    [
      EmbeddingTextSchema,
      EmbeddingIdsSchema,
      v.pipe(
        v.array(v.union([EmbeddingTextSchema, EmbeddingIdsSchema])),
        v.minLength(1),
        v.maxLength(MAX_EMBEDDING_INPUTS, `A list has at most ${MAX_EMBEDDING_INPUTS} inputs`),
      ),
    ],
    `It has to be a text, a list of at most ${MAX_EMBEDDING_INPUTS} texts, or token ids`,
  ),
  dimensions: maybe(v.pipe(v.number(), v.integer(), v.minValue(1))),
  encoding_format: maybe(v.picklist(["float", "base64"])),
  user: serviceFields.user,
  ...ownFields,
});

const NAMES = { text: "input" } as const;

/** A request that has been read. */
interface ReadRequest {
  readonly asked: EmbedRequest;
  readonly format: "float" | "base64";
}

/** Reads the body of a request. Throws `bad-request`, which names the field. */
export function readEmbeddings(params: unknown): ReadRequest {
  const { model, input, dimensions, encoding_format: format, microgrid } = checked(Body, params);
  return {
    asked: {
      embedding: { model, inputs: inputsOf(input), ...(dimensions != null && { dimensions }) },
      ...wishesOf(microgrid),
    },
    format: format ?? "float",
  };
}

/** Computes the vectors of a request. An error about an input or the number of dimensions names that field. */
export async function embeddings(
  { asked, format }: ReadRequest,
  embed: Embed,
  options: { signal?: AbortSignal } = {},
): Promise<MicrogridEmbeddings> {
  const { model, dimensions, vectors, promptTokens, providers } = await embed(asked, options).catch(
    (error: unknown) => {
      throw withField(error, NAMES);
    },
  );
  const data = Array.from({ length: vectors.length / dimensions }, (_, index) => {
    const vector = vectors.subarray(index * dimensions, (index + 1) * dimensions);
    // The type knows numbers only, although clients ask for base64 and read it.
    const embedding = (format === "base64" ? base64Of(vector) : [...vector]) as number[];
    return { object: "embedding" as const, index, embedding };
  });
  const usage: CreateEmbeddingResponse.Usage = { prompt_tokens: promptTokens, total_tokens: promptTokens };
  return { object: "list", data, model, usage, microgrid: { providers } };
}

/** The `embeddings` of a grid. */
export function embeddingsOf(embed: Embed): Embeddings {
  return { create: async (params, options) => embeddings(readEmbeddings(params), embed, options) };
}

/** The bytes of 32-bit floats, little-endian as in all browsers. */
function base64Of({ buffer, byteOffset, byteLength }: Float32Array): string {
  return base64.encode(new Uint8Array(buffer, byteOffset, byteLength));
}

function inputsOf(input: v.InferOutput<typeof Body>["input"]): EmbedRequest["embedding"]["inputs"] {
  if (typeof input === "string") return [input];
  return input.every((each) => typeof each === "number") ? [input] : input;
}
