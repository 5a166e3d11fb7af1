/** Chooses the variant of a model that runs here: by its configuration, and by earlier loads that went wrong. */
import { LARGEST_WASM_BYTES, MicrogridError } from "../core";
import type { Backend, DeviceInfo } from "../inference";
import { type OnnxPlan, planOnnxFiles, planOnnxGraph, runnablePlans } from "./onnx-files";
import type { ListedFile, ModelRecord } from "./records";

/** A graph and the backend that runs it. */
export interface Variant {
  readonly graph: string;
  readonly backend: Backend;
}

/** A new build of the site may bring kernels that are right, so it tries again. */
const BUILD = import.meta.env.MICROGRID_BUILD ?? "dev";

/** The facts that a choice depends on. */
export interface KnownVariants {
  readonly listing: readonly ListedFile[];
  readonly remembered: ModelRecord | undefined;
  readonly backend: Backend;
  readonly device: DeviceInfo;
  readonly name: string;
}

/** The variant to use on the backend. Throws like `planOnnxFiles`. */
export function planVariant({ listing, remembered, backend, device, name }: KnownVariants): OnnxPlan {
  const instead = insteadOf(remembered);
  if (instead?.backend === backend && listing.some(({ path }) => path === instead.graph)) {
    return planOnnxGraph(listing, instead.graph, name);
  }
  const wrong = listing.filter((file) => isUnfit(file, { remembered, backend, device })).map(({ path }) => path);
  return planOnnxFiles(listing, backend, device, name, { wishes: remembered?.facts?.variants, wrong });
}

/** The backend to run a model on: the preferred one, unless all its variants are known to fail there and the CPU has others. */
export function backendOf({
  preferred,
  ...choice
}: Omit<KnownVariants, "backend"> & { readonly preferred: Backend }): Backend {
  const instead = insteadOf(choice.remembered);
  if (instead) return instead.backend;
  const backends: readonly Backend[] = [preferred, "wasm"];
  return backends.find((backend) => untriedVariants({ ...choice, backend }).length > 0) ?? preferred;
}

/** The variant that replaces one whose results were wrong here; undefined if none was. */
export function insteadOf(remembered: ModelRecord | undefined): Variant | undefined {
  const instead = remembered?.instead;
  return instead?.build === BUILD ? instead : undefined;
}

/** All variants that may be right on the backend, best first; none if the files are not a model that it runs. */
export function untriedVariants({ listing, remembered, backend, device, name }: KnownVariants): readonly OnnxPlan[] {
  const isRight = ({ graph, weightBytes = 0 }: OnnxPlan): boolean =>
    (backend !== "wasm" || weightBytes <= LARGEST_WASM_BYTES) &&
    listing.every((file) => file.path !== graph || !isUnfit(file, { remembered, backend, device }));
  try {
    return runnablePlans(listing, backend, device, name, remembered?.facts?.variants).filter(isRight);
  } catch (error) {
    if (error instanceof MicrogridError) return [];
    throw error;
  }
}

/** The record of a model one of whose variants gave wrong results; `instead` is the one to use from now on. */
export function withWrong(
  record: ModelRecord,
  variant: Variant,
  instead: Variant | undefined,
): Pick<ModelRecord, "wrong" | "instead"> {
  const wrong = [...wrongOf(record), variant].map((each) => ({ ...each, build: BUILD }));
  return { wrong, instead: instead && { ...instead, build: BUILD } };
}

/** The findings of a look at this version of a graph's file. */
export function lookAt(
  remembered: ModelRecord | undefined,
  file: ListedFile,
): NonNullable<ModelRecord["looks"]>[number] | undefined {
  const isSame = (seen: ListedFile): boolean =>
    seen.path === file.path && seen.bytes === file.bytes && seen.sha256 === file.sha256;
  return remembered?.looks?.find((look) => isSame(look.file));
}

/** The record of a model at one of whose graphs somebody has looked. */
export function withLook(
  { looks = [] }: ModelRecord,
  look: NonNullable<ModelRecord["looks"]>[number],
): Pick<ModelRecord, "looks"> {
  return { looks: [...looks.filter(({ file }) => file.path !== look.file.path), look] };
}

/** Whether a graph is known to fail on the backend: its results were wrong, or one of its weights is too large. */
function isUnfit(
  file: ListedFile,
  { remembered, backend, device }: Pick<KnownVariants, "remembered" | "backend" | "device">,
): boolean {
  const isWrong = wrongOf(remembered).some((variant) => variant.backend === backend && variant.graph === file.path);
  const limit = backend === "webgpu" ? device.webgpu?.maxBufferSize : undefined;
  return isWrong || (lookAt(remembered, file)?.largestWeightBytes ?? 0) > (limit ?? Infinity);
}

/** The variants whose results were wrong, as far as this build found out. */
function wrongOf(remembered: ModelRecord | undefined): readonly Variant[] {
  return (remembered?.wrong ?? []).flatMap(({ build, ...variant }) => (build === BUILD ? variant : []));
}

/** The name of a graph's variant for people, such as `q4f16`. */
export function variantName(graph: string): string {
  return /_([a-z0-9]+)\.onnx$/.exec(graph)?.[1] ?? graph.slice(graph.lastIndexOf("/") + 1);
}
