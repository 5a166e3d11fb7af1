/** Finds the files of a model that is to be tried, in a folder or at a host, and brings them here. */
import { createWriteStream, mkdirSync, openAsBlob, readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeStream } from "node:stream/web";
import type { DeviceInfo } from "../../src/inference";
import { ModelHosts } from "../../src/models/hosts";
import { type OnnxPlan, packageFiles, planOnnxFiles } from "../../src/models/onnx-files";
import { readTextSource } from "../../src/models/sources";
import { ROOT } from "../run/spawn.mjs";
import type { Candidate } from "./certificate";

/** A computer without a graphics card. */
const DEVICE: DeviceInfo = {
  ...{ webgpu: undefined, webgpuMissing: "Node has none.", memoryBytes: undefined },
  ...{ threads: 1, mobile: false, label: "Node" },
};

/** `source` is a folder, a hub name or an address. Throws a `MicrogridError` as the app does when a model is added. */
export async function findModel(source: string, hub: string): Promise<Candidate> {
  const isFolder = statSync(source, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return isFolder ? inFolder(resolve(source)) : atHost(source, hub);
}

async function inFolder(folder: string): Promise<Candidate> {
  const listing = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => ({ path: path.replaceAll("\\", "/"), bytes: statSync(join(folder, path)).size }))
    .filter(({ path }) => !statSync(join(folder, path)).isDirectory());
  return found(folder, planOnnxFiles(listing, "wasm", DEVICE, folder));
}

async function atHost(source: string, hub: string): Promise<Candidate> {
  const hosts = new ModelHosts(hub, []);
  const { id, name, origin } = readTextSource(source, hosts);
  const { files } = await hosts.facts(origin, new AbortController().signal);
  const plan = planOnnxFiles(files, "wasm", DEVICE, name);
  const folder = join(ROOT, ".cache/try-model", id.replaceAll(/[^\w.-]+/g, "_"));
  for (const { path, bytes } of plan.files) {
    const target = join(folder, path);
    const size = statSync(target, { throwIfNoEntry: false })?.size;
    if (size !== undefined && size === (bytes ?? size)) continue;
    const [url = ""] = hosts.urls(origin, path);
    console.log(`Downloading ${path}`);
    const response = await fetch(url);
    if (!response.ok || !response.body) throw new Error(`${url} answered with ${response.status}.`);
    mkdirSync(dirname(target), { recursive: true });
    await pipeline(Readable.fromWeb(response.body as NodeStream), createWriteStream(`${target}.part`));
    renameSync(`${target}.part`, target);
  }
  return found(folder, plan);
}

async function found(folder: string, plan: OnnxPlan): Promise<Candidate> {
  const files = await Promise.all(
    plan.files.map(async ({ path }) => ({ path, blob: await openAsBlob(join(folder, path)) })),
  );
  const id = folder.slice(folder.lastIndexOf("/") + 1);
  const { graph, embedder } = plan;
  const pkg = { engine: "onnx", id, name: id, packageHash: folder, graph, ...(embedder && { embedder }) } as const;
  const read = (path: string) => new Uint8Array(readFileSync(join(folder, path)));
  return {
    pkg: { ...pkg, files: packageFiles(plan, files) },
    files: () => ({
      model: read(graph),
      external: plan.data.map(({ path }) => ({ name: basename(path), bytes: read(path) })),
    }),
  };
}
