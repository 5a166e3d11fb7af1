/** Chooses how much memory of this device to give to layers of larger models. */
import { html, type TemplateResult } from "lit";
import { type GridState, diskBytes } from "../../grid";
import { formatBytes } from "../format";
import "../range";

type Memory = Pick<GridState["device"], "memoryBytes" | "webgpu">;

const GIGABYTE = 1e9;
/** Browsers report at most this much memory; the device may have more. */
const TOLD_AT_MOST_BYTES = 8 * 2 ** 30;
/** The most to choose on a device that may have more memory than the browser reports. */
const MOST_GIGABYTES = 32;
/** The most that WebAssembly can address; without a GPU the layers are kept there. */
const MOST_GIGABYTES_ON_CPU = 4;
const STEP_BYTES = 0.5 * GIGABYTE;

/** The most bytes to choose: the memory of the device, as far as it is known. */
export function mostBytes({ memoryBytes = TOLD_AT_MOST_BYTES, webgpu }: Memory): number {
  const limit = webgpu && !webgpu.software ? MOST_GIGABYTES : MOST_GIGABYTES_ON_CPU;
  const told = memoryBytes >= TOLD_AT_MOST_BYTES ? limit : Math.max(1, Math.round(memoryBytes / GIGABYTE));
  return Math.min(limit, told) * GIGABYTE;
}

/** A slider in bytes. It shows the size that the others in the room see. */
export function memoryRange(device: Memory, bytes: number, choose: (bytes: number) => void): TemplateResult {
  const disk = `Parts of these models may also take ${formatBytes(diskBytes(bytes))} of its disk; the oldest ones make room.`;
  return html`<mg-range
      label="Memory for layers, at most"
      min=${STEP_BYTES}
      max=${Math.max(mostBytes(device), bytes)}
      step=${STEP_BYTES}
      .value=${bytes}
      .format=${formatBytes}
      @change=${(event: Event) => choose(Number((event.target as HTMLInputElement).value))}
    ></mg-range>
    <p class="muted small">${disk}</p>`;
}
