/** Finds the files of a model in a folder on any web host, which cannot be listed. */
import { MicrogridError, inParallel } from "../core";
import { readConfigFacts, readGenAiFacts } from "./model-facts";
import { ggufParts } from "./gguf-files";
import { SETTINGS_FILES } from "./onnx-files";
import type { ListedFile, ModelFacts } from "./records";
import { externalDataFile, externalDataFiles, usualGraphPaths } from "./variants";
import { refused, request } from "./web";

/** Number of questions at the same time, so that a host does not count them as an attack. */
const AT_ONCE = 4;
/** More files than any graph has. */
const MOST_DATA_FILES = 100;
/** Answers that say that there is no such file. Some hosts of files answer 403 for that. */
const ABSENT: readonly number[] = [401, 403, 404, 410];
/** Answers of hosts that do not answer `HEAD`, although the file may exist. */
const NO_HEAD: readonly number[] = [400, 401, 403, 405, 501];

/** Reads the folder's configuration and asks for every file that the model may have. Throws `not-a-model`, `network`. */
export async function folderFacts(folder: string, signal: AbortSignal): Promise<ModelFacts> {
  const config =
    (await readConfigFacts(new URL("config.json", folder).href, signal)) ??
    (await readGenAiFacts(new URL("genai_config.json", folder).href, signal));
  if (!config) {
    throw new MicrogridError(
      "not-a-model",
      `${folder} has no config.json, so it is not a model. Give the address of the folder that holds it.`,
    );
  }
  const probe = new FolderProbe(folder);
  const found = await probe.files([...SETTINGS_FILES, ...usualGraphPaths()], signal);
  const graphs = found.filter((file) => file.path.endsWith(".onnx"));
  if (graphs.length === 0 && probe.refusal) throw refused(folder, probe.refusal, "the model's graphs");
  const data: ListedFile[] = [];
  await inParallel(graphs, AT_ONCE, signal, async ({ path }, _, stop) => {
    data.push(...(await probe.dataOf(path, config.externalData, stop)));
  });
  const { contextLength, embeds, variants } = config;
  return { files: [...found, ...data], contextLength, ...(embeds && { embeds }), ...(variants && { variants }) };
}

/** Asks for one GGUF file, with all its parts if it is the first of several. Throws `file-missing`, `network`. */
export async function ggufFacts(folder: string, name: string, signal: AbortSignal): Promise<ModelFacts> {
  const probe = new FolderProbe(folder);
  const wanted = ggufParts(name);
  const files = await probe.files(wanted, signal);
  if (files.length === wanted.length) return { files };
  if (probe.refusal) throw refused(folder, probe.refusal, name);
  const missing = wanted.find((path) => files.every((file) => file.path !== path)) ?? name;
  throw new MicrogridError("file-missing", `${folder} has no file ${missing}. Check the address.`);
}

/** Those of the files that exist in a folder, with their sizes. Throws `network`. */
export function findInFolder(folder: string, paths: readonly string[], signal: AbortSignal): Promise<ListedFile[]> {
  return new FolderProbe(folder).files(paths, signal);
}

/** Asks whether files exist in one folder. */
class FolderProbe {
  /** An answer that may mean that the host does not give a file out. */
  refusal: Response | undefined;
  readonly #folder: string;
  #headWorks = true;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Those of the files that exist, in the same order. */
  async files(paths: readonly string[], signal: AbortSignal): Promise<ListedFile[]> {
    const found: ListedFile[][] = paths.map(() => []);
    await inParallel(paths, AT_ONCE, signal, async (path, index, stop) => {
      const size = await this.#sizeOf(path, stop);
      if (size !== undefined) found[index] = [{ path, bytes: size === "unknown" ? undefined : size }];
    });
    return found.flat();
  }

  /** The graph's external data: the files that the configuration names, those that follow them, or `….onnx.data`. */
  async dataOf(graph: string, format: unknown, signal: AbortSignal): Promise<ListedFile[]> {
    const files = await this.files(externalDataFiles(graph, format), signal);
    for (let index = files.length; index < MOST_DATA_FILES; index++) {
      const [next] = await this.files([externalDataFile(graph, index)], signal);
      if (!next) break;
      files.push(next);
    }
    return files.length > 0 ? files : this.files([`${graph}.data`], signal);
  }

  /** Size of a file: "unknown" if the host does not say, undefined if there is no such file. */
  async #sizeOf(path: string, signal: AbortSignal): Promise<number | "unknown" | undefined> {
    const url = new URL(path, this.#folder).href;
    let response = this.#headWorks ? await request(url, signal, { method: "HEAD" }) : undefined;
    if (!response || NO_HEAD.includes(response.status)) {
      // The first byte is asked for instead. A host without ranges begins to send the whole file, which is cancelled.
      response = await request(url, signal, { headers: { Range: "bytes=0-0" } });
      await response.body?.cancel();
      if (response.ok) this.#headWorks = false;
    }
    const { status, ok, headers } = response;
    if (status === 416) return 0;
    if (ABSENT.includes(status)) {
      if (status === 401 || status === 403) this.refusal = response;
      return undefined;
    }
    if (!ok) throw refused(url, response, path);
    // Static hosts answer with their start page if a file is missing.
    if ((headers.get("Content-Type") ?? "").startsWith("text/html")) return undefined;
    // Text is compressed in transit, so its length says nothing about the file.
    if (/\.(json|jinja)$/.test(path)) return "unknown";
    const total =
      status === 206 ? /\/(\d+)$/.exec(headers.get("Content-Range") ?? "")?.[1] : headers.get("Content-Length");
    return total === undefined || total === null ? "unknown" : Number(total);
  }
}
