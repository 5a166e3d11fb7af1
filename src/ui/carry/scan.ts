/** Reads a QR code with the camera; hidden if the browser cannot. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { MicrogridElement } from "../element";
import { icon } from "../icons";
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
  @state() private failure = "";
  #ended = new AbortController();

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ended = new AbortController();
    void canScan().then((able) => (this.able = able));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  protected override render(): TemplateResult | typeof nothing {
    this.hidden = !this.able;
    if (!this.able) return nothing;
    return html`
      ${
        this.stream
          ? html`<video autoplay muted playsinline aria-label="What the camera sees" .srcObject=${this.stream}></video>
              <button class="button" type="button" @click=${() => this.#stop()}>Stop the camera</button>`
          : html`<button class="button" type="button" @click=${() => void this.#start()}>
              ${icon("camera", 16)} ${this.label}
            </button>`
      }
      ${this.failure === "" ? nothing : html`<p class="error" role="alert">${this.failure}</p>`}
    `;
  }

  async #start(): Promise<void> {
    this.#ended = new AbortController();
    const { signal } = this.#ended;
    this.failure = "";
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (signal.aborted) {
        stopTracks(stream);
        return;
      }
      this.stream = stream;
      await this.updateComplete;
      const video = this.renderRoot.querySelector("video");
      if (video) await this.#look(video, signal);
    } catch {
      this.failure = "The camera cannot be used. Allow it in the browser, or copy and paste the text instead.";
      this.#stop();
    }
  }

  async #look(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
    const Reader = detectorClass();
    if (!Reader) return;
    const reader = new Reader({ formats: ["qr_code"] });
    while (!signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      if (signal.aborted || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) continue;
      const text = (await reader.detect(video))[0]?.rawValue;
      if (text === undefined || text === "") continue;
      this.#stop();
      this.dispatchEvent(new CustomEvent("mg-scanned", { detail: text }));
    }
  }

  #stop(): void {
    this.#ended.abort();
    if (this.stream) stopTracks(this.stream);
    this.stream = undefined;
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

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
