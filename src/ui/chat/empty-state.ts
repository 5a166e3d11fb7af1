/** A new chat: a greeting and a few questions that even the smallest model can answer. */
import { css, html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { MicrogridElement } from "../element";
import { mark } from "../icons";

const SUGGESTIONS = [
  { title: "What can you do?", hint: "Meet the model that is built in" },
  { title: "What is WebGPU?", hint: "How a browser computes on your GPU" },
  { title: "How do I join a room?", hint: "Share the work with other browsers" },
  { title: "Tell me a story about a robot", hint: "A very short one" },
] as const;

/** `<mg-empty-state>`. Event: `mg-suggest` (detail: the question). */
@customElement("mg-empty-state")
export class EmptyState extends MicrogridElement {
  static override readonly styles = [
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        justify-items: center;
        gap: 0.5rem;
        padding: 1.5rem 0;
        text-align: center;
      }
      h1 {
        margin-top: 0.75rem;
        font-size: clamp(1.4rem, 1.1rem + 1.4vw, 1.875rem);
        font-weight: 620;
        line-height: 1.25;
        letter-spacing: -0.02em;
        text-wrap: balance;
      }
      p {
        max-width: 32rem;
        text-wrap: balance;
      }
      .suggestions {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr));
        gap: 0.625rem;
        width: min(38rem, 100vw - 2rem);
        max-width: 100%;
        margin-top: 1.5rem;
      }
      .suggestion {
        display: grid;
        padding: 0.75rem 1rem;
        border: 1px solid var(--mg-border);
        border-radius: var(--mg-radius);
        background: var(--mg-surface);
        text-align: start;
        line-height: 1.45;
        transition:
          border-color var(--mg-ease),
          background var(--mg-ease);
      }
      .suggestion:hover {
        border-color: var(--mg-accent);
        background: var(--mg-accent-soft);
      }
      /* On a phone, the card below should still be in view. */
      @media (max-width: 480px) {
        :host {
          padding: 0;
        }
        .suggestion .small {
          display: none;
        }
      }
      .suggestion strong {
        font-size: 0.9375rem;
        font-weight: 550;
      }
    `,
  ];

  /** The sentence below the greeting, about where messages go. */
  @property() privacy = "Your messages stay on this device.";

  protected override render(): TemplateResult {
    return html`${mark(48)}
      <h1>What would you like to know?</h1>
      <p class="muted">${this.privacy}</p>
      <div class="suggestions" role="group" aria-label="Suggestions">
        ${SUGGESTIONS.map(
          ({ title, hint }) =>
            html`<button
              class="suggestion"
              @click=${() => this.dispatchEvent(new CustomEvent("mg-suggest", { detail: title }))}
            >
              <strong>${title}</strong><span class="muted small">${hint}</span>
            </button>`,
        )}
      </div>`;
  }
}
