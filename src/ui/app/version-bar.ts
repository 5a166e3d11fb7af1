/** The bar that tells of a new version of the page. It has to be there before anything else is loaded, which may be gone by then. */
import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { WorkspaceElement } from "../element";
import { icon, infoIcon } from "../icons";
import type { SiteVersion, Work } from "../state/site-version";
import { noticeStyles } from "./notice-styles";

const WAITING: Readonly<Record<Work, string>> = {
  answer:
    "The new version starts when the answer that is being written is complete. If you start it now, the answer stops, and you can continue it.",
  download:
    "The new version starts when the model that is being loaded is ready. If you start it now, a download stops, and goes on at the next load.",
};

/** `<mg-version .version .workspace>`. Without a workspace, no work can be running in this tab. */
@customElement("mg-version")
export class VersionBar extends WorkspaceElement {
  static override readonly styles = noticeStyles;

  @property({ attribute: false }) version: SiteVersion | undefined;
  #stop: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = this.version?.on("change", () => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { version } = this;
    const news = version?.news;
    switch (news?.kind) {
      case "ready":
        return this.#bar(
          "A new version of Microgrid is ready. It starts in all tabs of this site; your chats and drafts stay.",
          ["Use the new version", () => void version?.use(this.workspace?.work)],
        );
      case "waiting":
        return this.#bar(
          WAITING[news.work],
          ["Start it now", () => version?.useNow()],
          ["Not yet", () => version?.keep()],
        );
      case "incomplete":
        return this.#bar(
          "A part of this page could not be loaded: there is a new version of it, or no network. Reload the page to go on; your chats and drafts stay.",
          ["Reload", () => void this.#reload()],
        );
      default:
        return nothing;
    }
  }

  #bar(text: string, ...buttons: readonly [label: string, press: () => void][]): TemplateResult {
    return html`<div class="notice" role="status">
      <span class="icon">${icon(infoIcon, 18)}</span>
      <p>${text}</p>
      ${buttons.map(([label, press]) => html`<button class="button small" @click=${press}>${label}</button>`)}
    </div>`;
  }

  async #reload(): Promise<void> {
    await this.workspace?.save();
    location.reload();
  }
}
