/** Describes this device in words. */
import type { GridState } from "../../grid";

/** The name of a GPU as far as the browser tells it. */
export function gpuName({ description, vendor, architecture }: NonNullable<GridState["device"]["webgpu"]>): string {
  const parts = [vendor, architecture].filter((part) => part !== "").join(" ");
  return [description, parts].find((name) => name !== "") ?? "a GPU that the browser does not name";
}
