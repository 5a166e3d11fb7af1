/** Chooses how much memory of this device to give to layers of larger models. */
import { html, type TemplateResult } from "lit";
import type { GridState } from "../../grid";
import "../range";

type Memory = Pick<GridState["device"], "memoryBytes" | "webgpu">;

const GIGABYTE = 1e9;
/** Browsers report at most this much memory; the device may have more. */
const TOLD_AT_MOST_BYTES = 8 * 2 ** 30;
/** The most to choose on a device that may have more memory than the browser reports. */
const MOST_GIGABYTES = 32;
/** The most that WebAssembly can address; without a GPU the layers are kept there. */
const MOST_GIGABYTES_ON_CPU = 4;
const STEP_GIGABYTES = 0.5;

/** The most gigabytes to choose: the memory of the device, as far as it is known. */
export function mostGigabytes({ memoryBytes = TOLD_AT_MOST_BYTES, webgpu }: Memory): number {
  const limit = webgpu && !webgpu.software ? MOST_GIGABYTES : MOST_GIGABYTES_ON_CPU;
  const told = memoryBytes >= TOLD_AT_MOST_BYTES ? limit : Math.max(1, Math.round(memoryBytes / GIGABYTE));
  return Math.min(limit, told);
}

/** A slider in gigabytes; `choose` receives bytes. */
export function memoryRange(device: Memory, bytes: number, choose: (bytes: number) => void): TemplateResult {
  const chosen = Math.max(STEP_GIGABYTES, Math.round(bytes / GIGABYTE / STEP_GIGABYTES) * STEP_GIGABYTES);
  return html`<mg-range
    label="Memory for layers, at most"
    unit="GB"
    min=${STEP_GIGABYTES}
    max=${Math.max(mostGigabytes(device), chosen)}
    step=${STEP_GIGABYTES}
    .value=${chosen}
    @change=${(event: Event) => choose(Number((event.target as HTMLInputElement).value) * GIGABYTE)}
  ></mg-range>`;
}
