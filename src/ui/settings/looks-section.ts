/** Chooses a light or dark theme, or that of the system. */
import { html, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { MicrogridElement } from "../element";
import { icon, autoIcon, moonIcon, sunIcon } from "../icons";
import { readTheme, saveTheme, type Theme } from "../state/preferences";
import { choiceStyles } from "./choices";

const THEMES = [
  ["auto", "System", autoIcon],
  ["light", "Light", sunIcon],
  ["dark", "Dark", moonIcon],
] as const;

/** `<mg-looks-section>`. */
@customElement("mg-looks-section")
export class LooksSection extends MicrogridElement {
  static override readonly styles = choiceStyles;

  @state() private theme: Theme = readTheme();

  protected override render(): TemplateResult {
    return html`<fieldset>
      <legend>Theme</legend>
      <div class="segments">
        ${THEMES.map(
          ([theme, label, shape]) =>
            html`<label class="choice">
              <input type="radio" name="theme" .checked=${this.theme === theme} @change=${() => this.#set(theme)} />
              ${icon(shape, 16)} ${label}
            </label>`,
        )}
      </div>
    </fieldset>`;
  }

  #set(theme: Theme): void {
    this.theme = theme;
    saveTheme(theme);
  }
}
