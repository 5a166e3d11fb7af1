/** Chooses the variant of a model that runs here: by its configuration, and by earlier loads that went wrong. */
import { MicrogridError } from "../core";
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
interface Choice {
  readonly listing: readonly ListedFile[];
  readonly remembered: ModelRecord | undefined;
  readonly backend: Backend;
  readonly device: DeviceInfo;
  readonly name: string;
}

/** The variant to use on the backend. Throws like `planOnnxFiles`. */
export function planVariant({ listing, remembered, backend, device, name }: Choice): OnnxPlan {
  const instead = insteadOf(remembered);
  if (instead?.backend === backend && listing.some(({ path }) => path === instead.graph)) {
    return planOnnxGraph(listing, instead.graph, name);
  }
  const wrong = wrongOf(remembered).flatMap((variant) => (variant.backend === backend ? variant.graph : []));
  return planOnnxFiles(listing, backend, device, name, { wishes: remembered?.facts?.variants, wrong });
}

/** The variant that replaces one whose results were wrong here; undefined if none was. */
export function insteadOf(remembered: ModelRecord | undefined): Variant | undefined {
  const instead = remembered?.instead;
  return instead?.build === BUILD ? instead : undefined;
}

/** All variants that may be right on the backend, best first; none if the files are not a model that it runs. */
export function untriedVariants({ listing, remembered, backend, device, name }: Choice): readonly OnnxPlan[] {
  const wrong = wrongOf(remembered);
  try {
    return runnablePlans(listing, backend, device, name, remembered?.facts?.variants).filter(
      ({ graph }) => !wrong.some((variant) => variant.backend === backend && variant.graph === graph),
    );
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

/** The variants whose results were wrong, as far as this build found out. */
function wrongOf(remembered: ModelRecord | undefined): readonly Variant[] {
  return (remembered?.wrong ?? []).flatMap(({ build, ...variant }) => (build === BUILD ? variant : []));
}

/** The name of a graph's variant for people, such as `q4f16`. */
export function variantName(graph: string): string {
  return /_([a-z0-9]+)\.onnx$/.exec(graph)?.[1] ?? graph.slice(graph.lastIndexOf("/") + 1);
}
