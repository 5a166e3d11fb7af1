/** Reads a QR code with the camera; hidden if the browser cannot. */
import { Task } from "@lit/task";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { sleep } from "../../core";
import { MicrogridElement } from "../element";
import { icon, cameraIcon } from "../icons";
import { sections } from "../styles/shared";

/** The browser's barcode detector, which TypeScript's library does not declare yet. */
interface Detector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}
interface DetectorClass {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

/** How often to look for a code, ms; people hold it still for longer than this. */
const LOOK_EVERY_MS = 150;

/** `<mg-scan label>`. Event: `mg-scanned` (detail: the text of the code). Hidden without a camera or a code reader. */
@customElement("mg-scan")
export class Scan extends MicrogridElement {
  static override readonly styles = [
    sections,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.5rem;
      }
      video {
        width: 100%;
        max-height: 18rem;
        border-radius: var(--mg-radius-s);
        background: #000;
        object-fit: cover;
      }
    `,
  ];

  @property() label = "Scan with the camera";
  @state() private able = false;
  @state() private stream: MediaStream | undefined;
  readonly #scanning = new Task(this, {
    autoRun: false,
    task: async (_none: readonly [], { signal }) => {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      try {
        if (!signal.aborted) await this.#look(stream, signal);
      } finally {
        for (const track of stream.getTracks()) track.stop();
      }
    },
  });

  override connectedCallback(): void {
    super.connectedCallback();
    void canScan().then((able) => (this.able = able));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#scanning.abort();
  }

  protected override render(): TemplateResult | typeof nothing {
    this.hidden = !this.able;
    if (!this.able) return nothing;
    return html`
      ${
        this.stream
          ? html`<video autoplay muted playsinline aria-label="What the camera sees" .srcObject=${this.stream}></video>
              <button class="button" type="button" @click=${() => this.#scanning.abort()}>Stop the camera</button>`
          : html`<button class="button" type="button" @click=${() => void this.#scanning.run([])}>
              ${icon(cameraIcon, 16)} ${this.label}
            </button>`
      }
      ${this.#scanning.render({
        error: () =>
          html`<p class="error" role="alert">
            The camera cannot be used. Allow it in the browser, or copy and paste the text instead.
          </p>`,
        initial: () => nothing,
        pending: () => nothing,
        complete: () => nothing,
      })}
    `;
  }

  /** Shows the picture until it contains a code or the signal aborts. */
  async #look(stream: MediaStream, signal: AbortSignal): Promise<void> {
    this.stream = stream;
    try {
      await this.updateComplete;
      const video = this.renderRoot.querySelector("video");
      const Reader = detectorClass();
      if (!video || !Reader) return;
      const text = await readCode(video, new Reader({ formats: ["qr_code"] }), signal);
      if (text !== undefined) this.dispatchEvent(new CustomEvent("mg-scanned", { detail: text }));
    } finally {
      this.stream = undefined;
    }
  }
}

/** The text of the first code in the picture; undefined if the signal aborts before. */
async function readCode(video: HTMLVideoElement, reader: Detector, signal: AbortSignal): Promise<string | undefined> {
  for (;;) {
    await sleep(LOOK_EVERY_MS, signal);
    if (signal.aborted) return undefined;
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) continue;
    const text = (await reader.detect(video))[0]?.rawValue;
    if (text !== undefined && text !== "") return text;
  }
}

function detectorClass(): DetectorClass | undefined {
  return (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
}

async function canScan(): Promise<boolean> {
  try {
    const formats = (await detectorClass()?.getSupportedFormats()) ?? [];
    if (!formats.includes("qr_code")) return false;
    // Without permission a camera is still listed, only without its name.
    return (await navigator.mediaDevices.enumerateDevices()).some(({ kind }) => kind === "videoinput");
  } catch {
    return false;
  }
}
