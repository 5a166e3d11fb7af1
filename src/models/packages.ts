/** Makes a model ready to be executed: its files in the store, its hash known. */
import { isAbort, MicrogridError } from "../core";
import type { Backend, DeviceInfo, LoadProgress, ModelPackage } from "../inference";
import type { ModelEntry, WebLlmOrigin } from "./entry";
import type { ModelHosts } from "./hosts";
import { planOnnxFiles, type OnnxPlan } from "./onnx-files";
import { packageHash } from "./package-hash";
import { downloadProgress } from "./progress";
import type { ListedFile } from "./records";
import { sha256Text } from "./sha256";
import type { ModelIndex } from "./model-index";
import type { StoreWorker } from "./store-client";
import type { StoredFile } from "./store-protocol";
import { refused, request } from "./web";

/** One call to prepare a model. */
export interface PackageOrder {
  readonly entry: ModelEntry;
  readonly backend: Backend;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
}

/** The parts of the library that preparing a model uses. */
export interface PackageParts {
  readonly device: DeviceInfo;
  readonly shelf: ModelIndex;
  readonly store: StoreWorker;
  readonly hosts: ModelHosts;
}

/** Under which name the hash of a WebLLM model is remembered: it has one set of files only. */
const WEBLLM_LEAD = "webllm";

/** Brings an ONNX model's files into the store, without any network where all of them are there already. */
export async function prepareOnnx(parts: PackageParts, order: PackageOrder): Promise<ModelPackage> {
  const { entry, backend, signal, onProgress } = order;
  const { store, shelf } = parts;
  const plan = (listing: readonly ListedFile[]): OnnxPlan => planOnnxFiles(listing, backend, parts.device, entry.name);
  const known = knownListing(parts, entry);
  const stored = known && (await openStored(parts, entry, plan(known)));
  if (stored) return stored;

  const { graph, files } = plan(await currentListing(parts, entry, known, signal));
  const requests = files.map((file) => ({
    ...file,
    urls: parts.hosts.urls(entry.origin, file.path),
    // Where the files come without a listing, they were all seen a moment ago.
    optional: false,
  }));
  const got = await store.service.download(entry.id, requests, {
    signal,
    onProgress: downloadProgress(entry.name, onProgress),
  });
  const hash = packageHash(got);
  const others = shelf.remembered(entry.id).packages.filter((known) => known.lead !== graph);
  const paths = got.map((file) => file.path);
  await shelf.remember(entry.id, { packages: [...others, { lead: graph, packageHash: hash, paths }] });
  return onnxPackage(entry, graph, hash, got);
}

/** What a WebLLM model needs to be loaded by its library, which downloads and keeps the weights itself. */
export async function prepareWebLlm(
  parts: PackageParts,
  order: PackageOrder,
  origin: WebLlmOrigin,
): Promise<ModelPackage> {
  const { entry, signal } = order;
  if (origin.embedding) {
    throw new MicrogridError(
      "unsupported-model",
      `${entry.name} turns text into numbers for search and cannot chat. Choose another model.`,
    );
  }
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
    overrides: entry.contextLength === undefined ? {} : { contextLength: entry.contextLength },
  };
}

/** The listing without asking anybody; undefined where the host was never asked. */
export function knownListing({ shelf }: PackageParts, entry: ModelEntry): readonly ListedFile[] | undefined {
  return entry.origin.kind === "embedded" ? entry.origin.files : shelf.remembered(entry.id).facts?.files;
}

/** Asks the host; where it cannot be reached, what it said last time serves to go on with what is there. */
export async function currentListing(
  { hosts, shelf }: PackageParts,
  entry: ModelEntry,
  known: readonly ListedFile[] | undefined,
  signal: AbortSignal,
): Promise<readonly ListedFile[]> {
  if (entry.origin.kind === "embedded" || entry.origin.kind === "files") return known ?? [];
  try {
    const facts = await hosts.facts(entry.origin, signal);
    await shelf.remember(entry.id, { facts });
    return facts.files;
  } catch (error) {
    signal.throwIfAborted();
    if (!known || isAbort(error)) throw error;
    return known;
  }
}

async function openStored(
  { shelf, store }: PackageParts,
  entry: ModelEntry,
  { graph, files }: OnnxPlan,
): Promise<ModelPackage | undefined> {
  const known = shelf.remembered(entry.id).packages.find((candidate) => candidate.lead === graph);
  const stored = known && (await store.service.open(entry.id, known.paths));
  // A new version of the page brings a new embedded model.
  const current = stored?.every((file) => {
    const listed = files.find(({ path }) => path === file.path);
    return listed?.sha256 === undefined || listed.sha256 === file.sha256;
  });
  return known && stored && current ? onnxPackage(entry, graph, known.packageHash, stored) : undefined;
}

function onnxPackage(
  { id, name }: ModelEntry,
  graph: string,
  hash: string,
  files: readonly StoredFile[],
): ModelPackage {
  const plain = files.map(({ path, blob }) => ({ path, blob }));
  return { engine: "onnx", id, name, packageHash: hash, graph, files: plain };
}

/**
 * Hash of the model's and the library's address and of the model's configuration. Unlike that of an ONNX model it
 * does not cover the weights: WebLLM publishes no hashes of them. Addresses are the original ones, so that nodes
 * with different mirrors agree.
 */
async function webllmHash(
  { shelf }: PackageParts,
  { entry }: PackageOrder,
  origin: WebLlmOrigin,
  weightsUrl: string,
  signal: AbortSignal,
): Promise<string> {
  const known = shelf.remembered(entry.id).packages.find((candidate) => candidate.lead === WEBLLM_LEAD);
  if (known) return known.packageHash;
  const url = new URL(origin.manifest ?? "mlc-chat-config.json", weightsUrl).href;
  const response = await request(url, signal);
  if (response.status === 404) {
    throw new MicrogridError(
      "not-a-model",
      `${weightsUrl} has no ${url.slice(weightsUrl.length)}, so it is not a model for the WebLLM engine.`,
    );
  }
  if (!response.ok) throw refused(url, response.status, entry.name);
  const lines = ["microgrid/1 webllm package", origin.modelUrl, origin.libraryUrl, sha256Text(await response.text())];
  const hash = sha256Text(lines.join("\n"));
  await shelf.remember(entry.id, { packages: [{ lead: WEBLLM_LEAD, packageHash: hash, paths: [] }] });
  return hash;
}
