/** Shows facts about this device and how much it stores. */
import { Task } from "@lit/task";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { WorkspaceElement } from "../element";
import { formatSize } from "../format";
import { gpuName } from "../state/device";

/** Styles for a list of names and values. */
const factStyles = css`
  dl {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 0.375rem 1rem;
    margin: 0;
    font-size: 0.875rem;
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  dt {
    color: var(--mg-muted);
  }
`;

/** `<mg-device-section .workspace>`. */
@customElement("mg-device-section")
export class DeviceSection extends WorkspaceElement {
  static override readonly styles = factStyles;

  readonly #storage = new Task(this, { task: () => storageUse(), args: () => [] });

  protected override render(): TemplateResult | typeof nothing {
    const state = this.workspace?.grid.state;
    if (!state) return nothing;
    const { device, role } = state;
    const gpu = device.webgpu;
    return html`<dl>
      <dt>Browser</dt>
      <dd>${device.label}${role === "attached" ? ", attached to another tab that runs the models" : ""}</dd>
      <dt>WebGPU</dt>
      <dd>${gpu ? `${gpuName(gpu)}${gpu.software ? " (software)" : ""}` : (device.webgpuMissing ?? "no")}</dd>
      <dt>Stored</dt>
      <dd>
        ${this.#storage.render({
          complete: ({ text, persisted }) =>
            html`${text}${persisted ? nothing : html` <button class="link" aria-label="Keep it: do not clear what is stored" @click=${this.#keep}>Keep it</button>`}`,
          pending: () => "…",
          error: () => "The browser does not say.",
        })}
      </dd>
    </dl>`;
  }

  readonly #keep = async (): Promise<void> => {
    const kept = await navigator.storage.persist();
    if (!kept) this.workspace?.toast("This browser decides by itself. It keeps sites that you install or use often.");
    await this.#storage.run();
  };
}

async function storageUse(): Promise<{ readonly text: string; readonly persisted: boolean }> {
  const { usage, quota } = await navigator.storage.estimate();
  const persisted = await navigator.storage.persisted();
  const kept = persisted ? "kept until you delete it" : "may be cleared if disk space runs low";
  return { text: `${formatSize(usage)} of ${formatSize(quota)}, ${kept}`, persisted };
}
