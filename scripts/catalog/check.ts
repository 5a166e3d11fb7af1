/** Checks entries of the catalog against a model hub: the repository, its files, their sizes, and the licence. */
import * as v from "valibot";
import { ggufEntries, repositoryEntries, webllmEntries } from "../../src/models/catalog";
import type { ModelEntry } from "../../src/models/entry";
import { estimateGgufBytes, estimateMlcBytes, estimateWeightBytes } from "../../src/models/estimate";
import { familyOf } from "../../src/models/families";
import { planGgufFiles } from "../../src/models/gguf-files";
import { ModelHosts } from "../../src/models/hosts";
import { planOnnxFiles, sumBytes } from "../../src/models/onnx-files";
import type { ModelFacts } from "../../src/models/records";
import { readJson } from "../../src/models/web";

/** The result for one entry. Problems are mistakes of the catalog; notes are facts that the hub does not tell. */
export interface Checked {
  readonly id: string;
  readonly problems: readonly string[];
  readonly notes: readonly string[];
  /** True if the hub gave no usable answer, so that nothing is known about the entry. */
  readonly unreachable: boolean;
}

/** Largest quotient of a size and its estimate, either way round. Numbers in names are rounded. */
const TOLERANCE = 1.5;
/** Requests at the same time; hubs limit them. */
const AT_ONCE = 4;

/** A device that can run every variant, so that the plan finds the files that a good GPU would load. */
const DEVICE = {
  webgpu: {
    ...{ vendor: "", architecture: "", description: "", features: ["shader-f16"], software: false },
    ...{ maxBufferSize: 2 ** 40, maxStorageBufferBindingSize: 2 ** 40 },
  },
  ...{ webgpuMissing: undefined, memoryBytes: undefined, threads: 1, mobile: false, label: "" },
};

const cardSchema = v.object({
  cardData: v.optional(
    v.nullable(
      v.object({
        license: v.optional(v.union([v.string(), v.array(v.string())])),
        license_name: v.optional(v.string()),
      }),
    ),
  ),
  tags: v.optional(v.array(v.string()), []),
});

/** All entries that come from a hub. `records` is the list of the WebLLM library. */
export function hubEntries(records: readonly unknown[]): ModelEntry[] {
  return [...repositoryEntries(), ...ggufEntries(), ...webllmEntries(records)];
}

/** Checks the entries, a few at a time, and tells of each as soon as it is known. */
export async function checkEntries(
  entries: readonly ModelEntry[],
  hub: string,
  tell: (checked: Checked) => void,
): Promise<Checked[]> {
  const results: Checked[] = [];
  const waiting = [...entries];
  const work = async (): Promise<void> => {
    for (let entry = waiting.shift(); entry; entry = waiting.shift()) {
      const checked = await checkEntry(entry, hub);
      results.push(checked);
      tell(checked);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

async function checkEntry(entry: ModelEntry, hub: string): Promise<Checked> {
  const { id } = entry;
  const signal = new AbortController().signal;
  const hosts = new ModelHosts(hub, []);
  try {
    const facts = await hosts.facts(entry.origin, signal);
    const problems = [...sizeProblems(entry, facts), ...contextProblems(entry, facts)];
    const licence = await checkLicence(entry, hosts, hub, signal);
    return { id, problems: [...problems, ...licence.problems], notes: licence.notes, unreachable: false };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const text = error instanceof Error ? error.message : String(error);
    return { id, problems: [text], notes: [], unreachable: code === "network" };
  }
}

/** Throws like `planOnnxFiles` if files of a repository are missing. */
/** The bytes on the hub, and those that the catalog leads to. */
interface Sizes {
  readonly real: number | undefined;
  readonly expected: number | undefined;
}

const SIZES: Readonly<Record<ModelEntry["engine"], (entry: ModelEntry, files: ModelFacts["files"]) => Sizes>> = {
  onnx: ({ name, parameters }, files) => ({
    real: planOnnxFiles(files, "webgpu", DEVICE, name).weightBytes,
    expected: parameters && estimateWeightBytes(parameters, "webgpu", DEVICE),
  }),
  wllama: ({ name, parameters }, files) => ({
    real: planGgufFiles(files, DEVICE, name).weightBytes,
    expected: parameters && estimateGgufBytes(parameters),
  }),
  webllm: ({ id }, files) => ({ real: sumBytes(files), expected: estimateMlcBytes(id) }),
};

function sizeProblems(entry: ModelEntry, { files }: ModelFacts): string[] {
  const { real, expected } = SIZES[entry.engine](entry, files);
  if (real === undefined || expected === undefined) return [];
  const quotient = real / expected;
  if (quotient <= TOLERANCE && quotient >= 1 / TOLERANCE) return [];
  return [`The weights have ${mega(real)} on the hub, but the catalog leads to an estimate of ${mega(expected)}.`];
}

function contextProblems({ engine, contextLength }: ModelEntry, facts: ModelFacts): string[] {
  // A WebLLM entry may allow less than the model can.
  if (engine !== "onnx" || contextLength === facts.contextLength || facts.contextLength === undefined) return [];
  return [`The hub says a context of ${facts.contextLength} tokens, the catalog ${contextLength ?? "none"}.`];
}

async function checkLicence(
  { id, origin }: ModelEntry,
  hosts: ModelHosts,
  hub: string,
  signal: AbortSignal,
): Promise<Pick<Checked, "problems" | "notes">> {
  const repository =
    origin.kind === "hub"
      ? origin.repository
      : origin.kind === "webllm"
        ? hosts.repositoryOf(new URL(hosts.weightsUrl(origin.modelUrl)))?.repository
        : undefined;
  const ours = familyOf(id)?.licence?.id;
  if (repository === undefined || ours === undefined) return { problems: [], notes: [] };
  const card = await readJson(`${hub.replace(/\/+$/, "")}/api/models/${repository}`, cardSchema, repository, signal);
  const theirs = [
    ...[card?.cardData?.license ?? []].flat(),
    ...(card?.cardData?.license_name === undefined ? [] : [card.cardData.license_name]),
    ...(card?.tags ?? []).flatMap((tag) => (tag.startsWith("license:") ? [tag.slice("license:".length)] : [])),
  ];
  if (theirs.length === 0) return { problems: [], notes: ["The hub does not say a licence."] };
  if (theirs.includes(ours)) return { problems: [], notes: [] };
  return { problems: [`The hub says the licence ${theirs.join(", ")}, the table of families ${ours}.`], notes: [] };
}

function mega(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
