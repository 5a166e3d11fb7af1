/** Parts of models between members: the consumer of a pipeline gives what it has, whoever holds its layers takes what hosts lack. */
import type { ModelParts } from "../../models";
import { type PartsSource, SplitModel, type StageSource, type WeightSource } from "../../pipeline";
import type { BulkFile, BulkSource } from "../../room";

/** Largest graph that is read for others, in bytes: it is held in memory before anything is known of it. */
export const MAX_GRAPH_BYTES = 64 * 2 ** 20;

/** A model that this node itself knows. */
export type KnownModel = SplitModel<ModelParts>;

/** The model's graph, where a member asks for that. */
export function giveGraph(known: KnownModel, file: BulkFile): Blob | undefined {
  return isOf(known, file) && file.location === fileName(file.graph) ? known.graphBlob : undefined;
}

/** Its graph, or a file of its weights that lies here whole. */
export async function giveFile(known: KnownModel, file: BulkFile): Promise<Blob | undefined> {
  return giveGraph(known, file) ?? (isOf(known, file) ? known.parts.stored(file.location) : undefined);
}

/** Whether a file is meant that both read alike. */
function isOf({ source }: KnownModel, { model, graph, weightsHash }: BulkFile): boolean {
  return model === source.model && graph === source.graph && weightsHash === source.weightsHash;
}

/**
 * A model that only the consumer of its pipeline knows: all of it comes from there, and is believed for that pipeline only.
 * Its graph has at most `MAX_GRAPH_BYTES`.
 */
export async function modelOf(
  source: StageSource,
  consumer: BulkSource,
  options: { readonly signal: AbortSignal },
): Promise<SplitModel> {
  const { model: id, graph, graphBytes: size, weightsHash } = source;
  const blob = await consumer.read(fileName(graph), 0, size, options);
  const graphBytes = new Uint8Array(await blob.arrayBuffer());
  const parts: PartsSource = { id, name: id, graph, graphBytes, weightsHash, read: consumer.read };
  return new SplitModel(parts, { trusted: false });
}

/**
 * The weights of a model that this node knows, of which its consumer may have some as well. Where time matters, those that
 * are not here come from the consumer first: it is nearer than a host. Otherwise hosts are asked first: what they give is
 * kept for the next time.
 */
export function weightsOf(
  { parts }: KnownModel,
  consumer: BulkSource,
  { urgent }: { readonly urgent: boolean },
): WeightSource {
  return {
    read: async (location, offset, length, options) => {
      const consumerFirst = urgent && !(await parts.stored(location));
      const [first, second] = consumerFirst ? [consumer, parts] : [parts, consumer];
      try {
        return await first.read(location, offset, length, options);
      } catch (error) {
        options.signal.throwIfAborted();
        // What the hosts say is more to the point than that the consumer does not have it either.
        return second.read(location, offset, length, options).catch((other: unknown) => {
          throw consumerFirst ? other : error;
        });
      }
    },
  };
}

/** As graphs name what lies beside them. */
function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
