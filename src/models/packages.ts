/** Makes a model ready to run: brings its files into the store and computes its hash. */
import { MicrogridError } from "../core";
import type { Backend, LoadProgress, ModelPackage } from "../inference";
import type { ModelEntry, WebLlmOrigin } from "./entry";
import { firstFiles, lookAhead } from "./look-ahead";
import { packageFiles, type OnnxPlan } from "./onnx-files";
import { packageHash } from "./package-hash";
import { currentListing, knownListing, type PackageParts } from "./package-parts";
import { downloadProgress } from "./progress";
import type { ListedFile } from "./records";
import { sha256Text } from "./sha256";
import type { StoredFile } from "./store-protocol";
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
  const { store, index, hosts } = parts;
  const plan = (listing: readonly ListedFile[]): OnnxPlan =>
    planVariant({ listing, remembered: index.remembered(entry.id), backend, device: parts.device, name: entry.name });
  const known = knownListing(parts, entry);
  const stored = known && (await openStored(parts, entry, plan(known)));
  if (stored) return stored;

  const listing = await currentListing(parts, entry, known, signal);
  const planned = plan(listing);
  const download = (
    files: readonly ListedFile[],
    report: (step: LoadProgress) => void = onProgress,
  ): Promise<StoredFile[]> => {
    // The listing names only files that exist.
    const requests = files.map((file) => ({ ...file, urls: hosts.urls(entry.origin, file.path), optional: false }));
    return store.service.download(entry.id, requests, { signal, onProgress: downloadProgress(entry.name, report) });
  };
  const all = { totalBytes: planned.downloadBytes ?? 0, etaMs: undefined };
  let loadedBytes = 0;
  await download(firstFiles(planned), (step) => {
    loadedBytes = step.loadedBytes;
    onProgress({ ...step, ...all });
  });
  // The bytes of a graph that are read here are no part of the download, or are counted already.
  const looking = (step: LoadProgress): void => onProgress({ ...step, ...all, loadedBytes, bytesPerSecond: 0 });
  const current = await lookAhead(parts, entry, { plan: planned, listing, backend, signal, onProgress: looking });
  const { graph } = current;
  const got = await download(current.files);
  const hash = packageHash(got);
  const others = index.remembered(entry.id).packages.filter((known) => known.lead !== graph);
  const paths = got.map((file) => file.path);
  await index.remember(entry.id, { packages: [...others, { lead: graph, packageHash: hash, paths }] });
  return onnxPackage(entry, current, hash, got);
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

async function openStored(
  { index, store }: PackageParts,
  entry: ModelEntry,
  plan: OnnxPlan,
): Promise<ModelPackage | undefined> {
  const { graph, files } = plan;
  const known = index.remembered(entry.id).packages.find((candidate) => candidate.lead === graph);
  const stored = known && (await store.service.open(entry.id, known.paths));
  // A new version of the page may come with a new embedded model.
  const current = stored?.every((file) => {
    const listed = files.find(({ path }) => path === file.path);
    return listed?.sha256 === undefined || listed.sha256 === file.sha256;
  });
  return known && stored && current ? onnxPackage(entry, plan, known.packageHash, stored) : undefined;
}

function onnxPackage(
  { id, name }: ModelEntry,
  plan: OnnxPlan,
  hash: string,
  stored: readonly StoredFile[],
): ModelPackage {
  const files = packageFiles(plan, stored);
  const { graph, embedder } = plan;
  return { engine: "onnx", id, name, packageHash: hash, graph, ...(embedder !== undefined && { embedder }), files };
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
