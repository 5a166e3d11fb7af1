/** A button that opens a small menu. Its items are buttons with the role `menuitem`. */
import { css, html, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { MicrogridElement } from "./element";
import { type Shape, icon, moreIcon } from "./icons";

/** Distance from the edge of the window and from the button, px. */
const EDGE_PX = 8;
const GAP_PX = 4;

/** `<mg-menu label menu-label>` with the items inside. Has the attribute `open` while it is open. */
@customElement("mg-menu")
export class Menu extends MicrogridElement {
  static override readonly styles = css`
    :host {
      display: inline-flex;
      flex: none;
    }
    @media (pointer: coarse) {
      .icon-button.small {
        width: 2.5rem;
        height: 2.5rem;
      }
    }
    .menu {
      position: fixed;
      inset: auto;
      margin: 0;
      min-width: 10rem;
      max-width: min(22rem, 100vw - 1rem);
      max-height: 60vh;
      overflow-y: auto;
      padding: 0.3125rem;
      border: 1px solid var(--mg-border);
      border-radius: var(--mg-radius);
      background: var(--mg-raised);
      color: var(--mg-text);
      box-shadow: var(--mg-shadow);
      /* The items inherit it: the styles around them win over those here. */
      font-size: 0.875rem;
    }
    ::slotted(button) {
      display: flex;
      align-items: center;
      gap: 0.625rem;
      width: 100%;
      padding: 0.4375rem 0.625rem;
      border: 0;
      border-radius: 7px;
      background: none;
      color: inherit;
      text-align: start;
      cursor: pointer;
    }
    ::slotted(button:hover),
    ::slotted(button:focus-visible) {
      background: var(--mg-hover);
    }
    ::slotted(button.danger) {
      color: var(--mg-danger) !important;
    }
  `;

  /** The button's name. */
  @property() label = "";
  /** The menu's name. */
  @property({ attribute: "menu-label" }) menuLabel = "Options";
  @property({ attribute: false }) symbol: Shape = moreIcon;
  @property({ type: Boolean, reflect: true }) open = false;
  @state() private items: readonly HTMLElement[] = [];
  @query(".menu") private readonly menu!: HTMLElement;
  @query("button") private readonly button!: HTMLElement;
  @query("slot") private readonly list!: HTMLSlotElement;

  protected override render(): TemplateResult {
    return html`<button
        class="icon-button small"
        aria-label=${this.label}
        title=${this.label}
        aria-haspopup="menu"
        aria-expanded=${this.open}
        @click=${this.#toggle}
      >
        ${icon(this.symbol, 18)}
      </button>
      <div
        class="menu"
        popover
        role="menu"
        aria-label=${this.menuLabel}
        @toggle=${(event: ToggleEvent) => (this.open = event.newState === "open")}
        @keydown=${this.#keydown}
        @click=${() => this.menu.hidePopover()}
      >
        <slot></slot>
      </div>`;
  }

  readonly #toggle = (): void => {
    const { menu } = this;
    menu.togglePopover();
    if (!menu.matches(":popover-open")) return;
    const anchor = this.button.getBoundingClientRect();
    const size = menu.getBoundingClientRect();
    const below = anchor.bottom + GAP_PX;
    const above = anchor.top - size.height - GAP_PX;
    menu.style.left = `${Math.max(EDGE_PX, Math.min(anchor.left, innerWidth - size.width - EDGE_PX))}px`;
    menu.style.top = `${below + size.height > innerHeight - EDGE_PX ? Math.max(EDGE_PX, above) : below}px`;
    this.items = this.list.assignedElements().filter((item) => item instanceof HTMLElement);
    this.items[0]?.focus();
  };

  readonly #keydown = (event: KeyboardEvent): void => {
    const { items } = this;
    const at = items.findIndex((item) => item.matches(":focus"));
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    items[(at + step + items.length) % items.length]?.focus();
  };
}
