/** A slider for a number, with a label and its current value. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { MicrogridElement } from "./element";

/** `<mg-range label hint .min .max .step .value .format>`. Event: `change` when the thumb is released; read `value`. */
@customElement("mg-range")
export class Range extends MicrogridElement {
  static override readonly styles = css`
    label {
      display: flex;
      justify-content: space-between;
      font-size: 0.9375rem;
      font-weight: 550;
      line-height: 1.5;
    }
    output {
      color: var(--mg-muted);
      font-weight: 400;
      font-variant-numeric: tabular-nums;
    }
    input {
      display: block;
      width: 100%;
      height: 1.5rem;
      margin: 0.125rem 0;
      accent-color: var(--mg-accent);
      cursor: pointer;
    }
    p {
      color: var(--mg-muted);
      font-size: 0.8125rem;
      line-height: 1.5;
    }
  `;

  @property() label = "";
  @property() hint = "";
  /** Writes the value for people. */
  @property({ attribute: false }) format = (value: number): string => String(Number(value.toFixed(2)));
  @property({ type: Number }) min = 0;
  @property({ type: Number }) max = 1;
  @property({ type: Number }) step = 1;
  @property({ type: Number }) value = 0;
  /** The position of the thumb while it is dragged. */
  @state() private held: number | undefined;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("value")) this.held = undefined;
  }

  protected override render(): TemplateResult {
    const shown = this.held ?? this.value;
    const text = this.format(shown);
    return html`<label for="range"><span>${this.label}</span><output>${text}</output></label>
      <input
        id="range"
        type="range"
        aria-label=${this.label}
        aria-describedby=${this.hint === "" ? nothing : "hint"}
        aria-valuetext=${text}
        min=${this.min}
        max=${this.max}
        step=${this.step}
        .value=${live(String(shown))}
        @input=${(event: Event) => (this.held = Number((event.target as HTMLInputElement).value))}
        @change=${this.#change}
      />
      ${this.hint === "" ? nothing : html`<p id="hint">${this.hint}</p>`}`;
  }

  readonly #change = (event: Event): void => {
    event.stopPropagation();
    this.value = Number((event.target as HTMLInputElement).value);
    this.dispatchEvent(new Event("change"));
  };
}
