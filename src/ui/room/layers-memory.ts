/** How much memory of this device goes to layers of larger models. */
import { html, type TemplateResult } from "lit";
import type { GridState } from "../../grid";
import "../range";

type Memory = Pick<GridState["device"], "memoryBytes" | "webgpu">;

const GIGABYTE = 1e9;
/** What browsers tell is cut at this: more may be there. */
const TOLD_AT_MOST_BYTES = 8 * 2 ** 30;
/** Most that can be chosen where more may be there than the browser tells. */
const MOST_GIGABYTES = 32;
/** What WebAssembly can address: without a GPU the layers lie there. */
const MOST_GIGABYTES_ON_CPU = 4;
const STEP_GIGABYTES = 0.5;

/** Most gigabytes that can be chosen: what the device has, as far as that is known. */
export function mostGigabytes({ memoryBytes = TOLD_AT_MOST_BYTES, webgpu }: Memory): number {
  const limit = webgpu && !webgpu.software ? MOST_GIGABYTES : MOST_GIGABYTES_ON_CPU;
  const told = memoryBytes >= TOLD_AT_MOST_BYTES ? limit : Math.max(1, Math.round(memoryBytes / GIGABYTE));
  return Math.min(limit, told);
}

/** A slider over gigabytes; `choose` gets bytes. */
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
