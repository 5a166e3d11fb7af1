/** Reads the ways in which a user can name a model: a hub name, one or two addresses, or files. */
import { MicrogridError } from "../core";
import { webllmFeatures, type FilesOrigin } from "./entry";
import type { ModelHosts } from "./hosts";

/** The model that a text names. */
interface TextSource {
  readonly id: string;
  readonly name: string;
  readonly origin: Exclude<FilesOrigin, { kind: "embedded" | "files" }>;
}

/**
 * Reads `owner/name`, the address of a hub repository or of a folder with `config.json`, or, for the WebLLM engine,
 * the address of an MLC model and the address of its library with a space between them. Throws `bad-request`.
 */
export function readTextSource(source: string | URL, hosts: ModelHosts): TextSource {
  const [first = "", second, ...rest] = String(source).trim().split(/\s+/);
  if (isHubName(first) && second === undefined) {
    return { id: first, name: lastPart(first), origin: { kind: "hub", repository: first } };
  }
  const url = webAddress(first);
  if (rest.length > 0 || (second !== undefined && !webAddress(second))) throw unreadable(String(source));
  if (!url) throw unreadable(String(source));
  if (second !== undefined) return webllmSource(url, second);
  const repository = hosts.repositoryOf(url);
  if (repository !== undefined) {
    return { id: repository, name: lastPart(repository), origin: { kind: "hub", repository } };
  }
  const folder = folderOf(url);
  return { id: folder, name: lastPart(folder), origin: { kind: "folder", url: folder } };
}

/** Whether a text is the name of a repository on the hub, `owner/name`. */
export function isHubName(text: string): boolean {
  return /^[\w.-]+\/[\w.-]+$/.test(text);
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

/** Picked files with their paths inside the model, relative to the folder that holds `config.json`. */
export function readFileSource(files: Iterable<File>): { name: string; files: { path: string; blob: File }[] } {
  const picked = [...files].map((file) => ({ path: file.webkitRelativePath || file.name, blob: file }));
  const configs = picked.filter(({ path }) => lastPart(path) === "config.json");
  const config = configs.sort((a, b) => a.path.length - b.path.length)[0];
  if (!config) {
    throw new MicrogridError(
      "not-a-model",
      "There is no config.json among these files, so they are not a model. Pick the whole folder of an ONNX model.",
    );
  }
  const base = config.path.slice(0, -"config.json".length);
  const inside = picked.filter(({ path }) => path.startsWith(base));
  return {
    name: base === "" ? "Model from files" : lastPart(base),
    files: inside.map(({ path, blob }) => ({ path: path.slice(base.length), blob })),
  };
}

function webllmSource(model: URL, libraryUrl: string): TextSource {
  const modelUrl = folderOf(model);
  const name = lastPart(modelUrl.replace(/\/resolve\/.*$/, ""));
  return { id: modelUrl, name, origin: webllmOrigin(modelUrl, libraryUrl) };
}

/** The folder that an address refers to. It may also be the address of a file or page in that folder. */
function folderOf(url: URL): string {
  const path = url.pathname.replace(/[^/]*\.(json|onnx|onnx_data|html?)$/, "");
  return `${url.origin}${path.endsWith("/") ? path : `${path}/`}`;
}

function webAddress(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === "https:" || url?.protocol === "http:" ? url : undefined;
}

function lastPart(path: string): string {
  return path.split("/").findLast((part) => part !== "") ?? path;
}

function unreadable(source: string): MicrogridError {
  return new MicrogridError(
    "bad-request",
    `"${source}" does not name a model. Give a hub name such as onnx-community/Qwen3-0.6B-ONNX, the address of a model's ` +
      "folder, or, for a WebLLM model, its address and the address of its library with a space between them.",
  );
}
