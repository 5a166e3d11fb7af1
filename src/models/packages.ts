/** Makes a model ready to run: brings its files into the store and computes its hash. */
import { MicrogridError } from "../core";
import type { Backend, LoadProgress, ModelPackage } from "../inference";
import type { ModelEntry, WebLlmOrigin } from "./entry";
import { type GgufPlan, planGgufFiles } from "./gguf-files";
import { lookAtGguf } from "./gguf-look";
import { firstFiles, lookAhead } from "./look-ahead";
import { packageFiles, type OnnxPlan } from "./onnx-files";
import { currentListing, knownListing, type PackageParts } from "./package-parts";
import type { ListedFile } from "./records";
import { sha256Text } from "./sha256";
import { type StoredPackage, downloadFiles, keepPackage, openPackage } from "./stored-package";
import { planVariant } from "./variant-choice";
import { refused, request } from "./web";

/** One call to prepare a model. */
export interface PackageOrder {
  readonly entry: ModelEntry;
  readonly backend: Backend;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
}

/** The name under which the hash of a WebLLM model is stored, since such a model has only one set of files. */
const WEBLLM_LEAD = "webllm";

/**
 * Brings an ONNX model's files into the store. If all of them are stored already, it uses no network; otherwise, the graph is
 * looked at before the weights are downloaded.
 */
export async function prepareOnnx(parts: PackageParts, order: PackageOrder): Promise<ModelPackage> {
  const { entry, backend, signal, onProgress } = order;
  const { index } = parts;
  const plan = (listing: readonly ListedFile[]): OnnxPlan =>
    planVariant({ listing, remembered: index.remembered(entry.id), backend, device: parts.device, name: entry.name });
  const known = knownListing(parts, entry);
  const before = known && plan(known);
  const stored = before && (await openPackage(parts, entry, { lead: before.graph, files: before.files }));
  if (stored) return onnxPackage(entry, before, stored);

  const listing = await currentListing(parts, entry, known, signal);
  const planned = plan(listing);
  const all = { totalBytes: planned.downloadBytes ?? 0, etaMs: undefined };
  let loadedBytes = 0;
  const onFirst = (step: LoadProgress): void => {
    loadedBytes = step.loadedBytes;
    onProgress({ ...step, ...all });
  };
  await downloadFiles(parts, entry, firstFiles(planned), { signal, onProgress: onFirst });
  // The bytes of a graph that are read here are no part of the download, or are counted already.
  const looking = (step: LoadProgress): void => onProgress({ ...step, ...all, loadedBytes, bytesPerSecond: 0 });
  const current = await lookAhead(parts, entry, { plan: planned, listing, backend, signal, onProgress: looking });
  const files = await downloadFiles(parts, entry, current.files, { signal, onProgress });
  return onnxPackage(entry, current, await keepPackage(parts, entry, { lead: current.graph, files }));
}

/**
 * Brings the files of a GGUF model into the store. Before they are downloaded, the header of the first is read, which tells whether
 * llama.cpp and this app know the model.
 */
export async function prepareGguf(
  parts: PackageParts,
  { entry, signal, onProgress }: PackageOrder,
): Promise<ModelPackage> {
  const plan = (listing: readonly ListedFile[]): GgufPlan => planGgufFiles(listing, parts.device, entry.name);
  const setOf = ({ files }: GgufPlan) => ({ lead: files[0]!.path, files });
  const known = knownListing(parts, entry);
  const stored = known && (await openPackage(parts, entry, setOf(plan(known))));
  if (stored) return ggufPackage(entry, stored);

  const planned = plan(await currentListing(parts, entry, known, signal));
  await lookAtGguf(parts, entry, planned, signal);
  const { lead } = setOf(planned);
  const files = await downloadFiles(parts, entry, planned.files, { signal, onProgress });
  return ggufPackage(entry, await keepPackage(parts, entry, { lead, files }));
}

/** Collects what the WebLLM library needs to load a model. The library downloads and stores the weights itself. */
export async function prepareWebLlm(
  parts: PackageParts,
  order: PackageOrder,
  origin: WebLlmOrigin,
): Promise<ModelPackage> {
  const { entry, signal } = order;
  const modelUrl = parts.hosts.weightsUrl(origin.modelUrl);
  return {
    engine: "webllm",
    id: entry.id,
    name: entry.name,
    packageHash: await webllmHash(parts, order, origin, modelUrl, signal),
    modelUrl,
    libraryUrl: origin.libraryUrl,
    requiredFeatures: origin.requiredFeatures,
    ...(origin.manifest !== undefined && { manifest: origin.manifest }),
    ...(origin.embedding && { embeds: true }),
    overrides: entry.contextLength === undefined ? {} : { contextLength: entry.contextLength },
  };
}

function onnxPackage({ id, name }: ModelEntry, plan: OnnxPlan, stored: StoredPackage): ModelPackage {
  const files = packageFiles(plan, stored.files);
  const { graph, embedder } = plan;
  const { packageHash } = stored;
  return { engine: "onnx", id, name, packageHash, graph, ...(embedder !== undefined && { embedder }), files };
}

function ggufPackage({ id, name }: ModelEntry, { packageHash, files }: StoredPackage): ModelPackage {
  return { engine: "wllama", id, name, packageHash, files };
}

/**
 * Hash over the addresses of the model and its library and over the model's configuration. Unlike the hash of an ONNX
 * model, it does not cover the weights, because WebLLM publishes no hashes of them. It uses the original addresses, so
 * that nodes with different mirrors agree.
 */
async function webllmHash(
  { index }: PackageParts,
  { entry }: PackageOrder,
  origin: WebLlmOrigin,
  weightsUrl: string,
  signal: AbortSignal,
): Promise<string> {
  const known = index.remembered(entry.id).packages.find((candidate) => candidate.lead === WEBLLM_LEAD);
  if (known) return known.packageHash;
  const url = new URL(origin.manifest ?? "mlc-chat-config.json", weightsUrl).href;
  const response = await request(url, signal);
  if (response.status === 404) {
    throw new MicrogridError(
      "not-a-model",
      `${weightsUrl} has no ${url.slice(weightsUrl.length)}, so it is not a model for the WebLLM engine.`,
    );
  }
  if (!response.ok) throw refused(url, response, entry.name);
  const lines = ["microgrid/1 webllm package", origin.modelUrl, origin.libraryUrl, sha256Text(await response.text())];
  const hash = sha256Text(lines.join("\n"));
  await index.remember(entry.id, { packages: [{ lead: WEBLLM_LEAD, packageHash: hash, paths: [] }] });
  return hash;
}
