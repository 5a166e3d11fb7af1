/** Finds the files with a graph's weights by the names in the graph itself: exporters give them any name. */
import { MicrogridError } from "../core";
import { readGraph, tensorsOf } from "../onnx";
import { sumBytes, type OnnxPlan } from "./onnx-files";
import type { ListedFile } from "./records";

/** A graph of a plan, without its weights. */
interface PlannedGraph {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Finds those of the files that exist. */
type FindFiles = (paths: readonly string[]) => Promise<readonly ListedFile[]>;

/**
 * The plan with all files of external data that its graphs name, also under unusual names. Throws `file-missing` if one of them does not
 * exist, `file-corrupt` if a graph names a place outside of its folder, and errors of `readGraph`.
 */
export async function withNamedData(
  plan: OnnxPlan,
  graphs: readonly PlannedGraph[],
  { name, find }: { readonly name: string; readonly find: FindFiles },
): Promise<OnnxPlan> {
  const paths = [...new Set(graphs.flatMap(dataPaths))].filter((path) =>
    plan.files.every((file) => file.path !== path),
  );
  const found = await find(paths);
  const missing = paths.find((path) => found.every((file) => file.path !== path));
  if (missing !== undefined) {
    throw new MicrogridError(
      "file-missing",
      `${name} has no file ${missing}, though its graph asks for it. Choose another model.`,
    );
  }
  const settings = new Set(plan.settings.map(({ file }) => file.path));
  const files = [...plan.files, ...found];
  return {
    ...plan,
    data: [...plan.data, ...found],
    files,
    weightBytes: sumBytes(files.filter(({ path }) => !settings.has(path))),
    downloadBytes: sumBytes(files),
  };
}

/** Paths of the files that hold weights of a graph, apart from its own file. */
function dataPaths({ path, bytes }: PlannedGraph): string[] {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const locations = tensorsOf(readGraph(bytes)).flatMap(({ external }) => external?.location ?? []);
  return [...new Set(locations)].map((location) => pathIn(folder, location)).filter((file) => file !== path);
}

/** Path of a file that a graph in `folder` names. */
function pathIn(folder: string, location: string): string {
  const inside = location.replace(/^\.\//, "");
  const isOutside = /^[/\\]|\\|^[a-z]+:/i.test(inside) || inside.split("/").includes("..");
  if (inside !== "" && !isOutside) return folder + inside;
  throw new MicrogridError(
    "file-corrupt",
    `The model's graph looks for its weights outside of its own folder (${location}). Choose another model.`,
  );
}
