/**
 * Shares parts of models between members: the consumer of a pipeline sends its parts to members that cannot get them
 * from hosts.
 */
import type { ModelParts } from "../../models";
import { type Graphs, type PartsSource, SplitModel, type StageSource, type WeightSource } from "../../pipeline";
import type { BulkFile, BulkSource } from "../../room";

/**
 * Name of a model's graph without its weights, among the files that members give each other. A graph cannot name a file like
 * that; its own name stands for the whole file, which may contain weights.
 */
const GRAPH_FILE = "#graph";

/** A model that this node itself knows. */
export type KnownModel = SplitModel<ModelParts>;

/** The model's graph, if a member asks for it. */
export function giveGraph(known: KnownModel, file: BulkFile): Blob | undefined {
  return isOf(known, file) && file.location === GRAPH_FILE ? known.graphBlob : undefined;
}

/** The model's graph, or a file with weights that is complete here. */
export async function giveFile(known: KnownModel, file: BulkFile): Promise<Blob | undefined> {
  return giveGraph(known, file) ?? (isOf(known, file) ? known.parts.stored(file.location) : undefined);
}

/** Whether a file belongs to the model in the same version. */
function isOf({ source }: KnownModel, { model, graph, weightsHash }: BulkFile): boolean {
  return model === source.model && graph === source.graph && weightsHash === source.weightsHash;
}

/**
 * A model that only the consumer of its pipeline knows. All of it comes from the consumer, and it is used for that
 * pipeline only. `graphs` reads its graph.
 */
export async function modelOf(
  source: StageSource,
  consumer: BulkSource,
  { graphs, signal }: { readonly graphs: Graphs; readonly signal: AbortSignal },
): Promise<SplitModel> {
  const { model: id, graph, graphBytes: size, weightsHash } = source;
  const blob = await consumer.read(GRAPH_FILE, 0, size, { signal });
  const graphBytes = new Uint8Array(await blob.arrayBuffer());
  const parts: PartsSource = { id, name: id, graph, graphBytes, weightsHash, read: consumer.read };
  return SplitModel.read(parts, graphs, { trusted: false });
}

/**
 * The weights of a model that this node knows, and that its consumer may have in part. If time matters, missing weights
 * are requested from the consumer first, which is nearer than a host. Otherwise hosts are asked first, because their
 * files are kept for the next time.
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
        // The error of the hosts is more useful than the fact that the consumer does not have the file either.
        return second.read(location, offset, length, options).catch((other: unknown) => {
          throw consumerFirst ? other : error;
        });
      }
    },
  };
}
