/** Reads the ways in which a user can name a model: a hub name, one or two addresses, or files. */
import { MicrogridError, quoted } from "../core";
import { hubId, webllmFeatures, type FilesOrigin, type HubOrigin } from "./entry";
import type { ModelHosts } from "./hosts";
import { isGguf } from "./gguf-files";
import { fileFolder, ggufName, hubOrigin } from "./hub-address";

/** Files that lie at the top of a model's folder; the second one if there is none of the first. */
const CONFIG_FILES = ["config.json", "genai_config.json"] as const;

/** The model that a text names. */
interface TextSource {
  readonly id: string;
  readonly name: string;
  readonly origin: Exclude<FilesOrigin, { kind: "embedded" | "files" }>;
}

/**
 * Reads `owner/name`, the address of a hub repository, of a folder with `config.json` or of a GGUF file, or, for the WebLLM engine,
 * the address of an MLC model and the address of its library with a space between them. A name and an address on the
 * hub may also state a revision and a folder. Throws `bad-request`.
 */
export function readTextSource(source: string | URL, hosts: ModelHosts): TextSource {
  const [first = "", second, ...rest] = String(source).trim().split(/\s+/);
  const named = second === undefined ? readHubName(first) : undefined;
  if (named) return hubSource(named);
  const url = webAddress(first);
  if (rest.length > 0 || (second !== undefined && !webAddress(second))) throw unreadable(String(source));
  if (!url) throw unreadable(String(source));
  if (second !== undefined) return webllmSource(url, second);
  const origin = hosts.repositoryOf(url);
  if (origin) return hubSource(origin);
  const folder = fileFolder(url);
  const within = ggufName(url);
  if (within === undefined) return { id: folder, name: lastPart(folder), origin: { kind: "folder", url: folder } };
  return { id: `${folder}${within}`, name: ggufTitle(within), origin: { kind: "folder", url: folder, within } };
}

/** Whether a text is the id of a repository on the hub, `owner/name`, as `add` would give it to the model. */
export function isHubName(text: string): boolean {
  const origin = readHubName(text);
  return origin !== undefined && hubId(origin) === text;
}

function readHubName(text: string): HubOrigin | undefined {
  const [, repository, revision, within] =
    /^((?!\.)[\w.-]+\/(?!\.)[\w.-]+)(?:@([^\s:@]+))?(?::([^\s:]+))?$/.exec(text) ?? [];
  return repository === undefined ? undefined : hubOrigin(repository, revision, within);
}

function hubSource(origin: HubOrigin): TextSource {
  const { repository, revision, within } = origin;
  if (within !== undefined && isGguf(within)) return { id: hubId(origin), name: ggufTitle(lastPart(within)), origin };
  const place = [revision, within?.replace(/\/$/, "")].filter((part) => part !== undefined).join(", ");
  return { id: hubId(origin), name: `${lastPart(repository)}${place === "" ? "" : ` (${place})`}`, origin };
}

/** The origin of a WebLLM model that is not in the catalog. */
export function webllmOrigin(modelUrl: string, libraryUrl: string): Extract<FilesOrigin, { kind: "webllm" }> {
  return {
    kind: "webllm",
    modelUrl,
    libraryUrl,
    manifest: undefined,
    requiredFeatures: webllmFeatures(modelUrl, []),
    largestBufferBytes: undefined,
    embedding: false,
  };
}

/**
 * Picked files with their paths inside the model, relative to the folder that holds `config.json`, or otherwise
 * `genai_config.json`. Without either, the GGUF files are meant.
 */
export function readFileSource(files: Iterable<File>): { name: string; files: { path: string; blob: File }[] } {
  const picked = [...files].map((file) => ({ path: file.webkitRelativePath || file.name, blob: file }));
  const configs = CONFIG_FILES.map((name) => shallowest(picked.filter(({ path }) => lastPart(path) === name)));
  const config = configs.find((found) => found !== undefined);
  const gguf = picked.filter(({ path }) => isGguf(path));
  if (!config && gguf.length > 0) {
    const files = gguf.map(({ path, blob }) => ({ path: lastPart(path), blob }));
    return { name: ggufTitle(files[0]!.path), files };
  }
  if (!config) {
    throw new MicrogridError(
      "not-a-model",
      "There is no config.json (or genai_config.json) and no GGUF file among these files, so they are not a model. Pick the whole folder of an ONNX model, or a GGUF file.",
    );
  }
  const base = config.path.slice(0, -lastPart(config.path).length);
  const inside = picked.filter(({ path }) => path.startsWith(base));
  return {
    name: base === "" ? "Model from files" : lastPart(base),
    files: inside.map(({ path, blob }) => ({ path: path.slice(base.length), blob })),
  };
}

function shallowest<T extends { readonly path: string }>(files: readonly T[]): T | undefined {
  return files.toSorted((a, b) => a.path.length - b.path.length)[0];
}

function webllmSource(model: URL, libraryUrl: string): TextSource {
  const modelUrl = fileFolder(model);
  const name = lastPart(modelUrl.replace(/\/resolve\/.*$/, ""));
  return { id: modelUrl, name, origin: webllmOrigin(modelUrl, libraryUrl) };
}

function webAddress(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === "https:" || url?.protocol === "http:" ? url : undefined;
}

/** The name of a GGUF model, from that of its file or its first part. */
function ggufTitle(file: string): string {
  return file.replace(/(-\d{5}-of-\d{5})?\.gguf$/, "");
}

function lastPart(path: string): string {
  return path.split("/").findLast((part) => part !== "") ?? path;
}

function unreadable(source: string): MicrogridError {
  return new MicrogridError(
    "bad-request",
    `${quoted(source)} does not name a model. Give a hub name such as onnx-community/Qwen3-0.6B-ONNX, the address of a model's ` +
      "folder or GGUF file, or, for a WebLLM model, its address and the address of its library with a space between them.",
  );
}
