/** Before a room: open one, or enter one with its link. */
import { Task } from "@lit/task";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import "../controls";
import { go } from "../routes";
import type { Workspace } from "../state/workspace";
import { base, buttons, sections } from "../styles/shared";

interface Field extends HTMLElement {
  value: string;
}
interface Switch extends HTMLElement {
  checked: boolean;
}

/** `<mg-open-room .workspace>`. */
@customElement("mg-open-room")
export class OpenRoom extends LitElement {
  static override readonly styles = [
    base,
    buttons,
    sections,
    css`
      :host {
        display: block;
      }
      form {
        display: grid;
        gap: 0.75rem;
      }
    `,
  ];

  @property({ attribute: false }) workspace: Workspace | undefined;
  readonly #opening = new Task(this, {
    autoRun: false,
    task: async ([name, ownName, share]: readonly [string, string, boolean]) => {
      const grid = this.workspace?.grid;
      if (!grid) return;
      if (ownName !== "" && ownName !== grid.identity.name) await grid.identity.rename(ownName);
      const room = await grid.rooms.create({ name });
      if (share) await room.share({});
    },
  });
  #linkError = "";

  protected override render(): TemplateResult {
    return html`
      <section aria-labelledby="open">
        <h3 id="open">Open a room</h3>
        <p class="muted small">
          The browsers in a room share the work: a phone can be answered by a laptop, and each answer says where it was
          computed. Only people with the link can come in.
        </p>
        <form @submit=${this.#open}>
          <wa-input
            label="Name of the room"
            name="name"
            maxlength="60"
            autocomplete="off"
            placeholder="Kitchen table"
            required
          ></wa-input>
          <wa-input
            label="Your name in rooms"
            name="own-name"
            maxlength="40"
            autocomplete="off"
            .value=${this.workspace?.grid.identity.name ?? ""}
          ></wa-input>
          <wa-switch
            checked
            hint="People in the room may ask your models. You then see their prompts in memory, and they use your power."
            >Share this device</wa-switch
          >
          <wa-button type="submit" variant="brand" ?loading=${this.#opening.status === 1}>Open the room</wa-button>
        </form>
        ${this.#opening.render({
          error: (error) =>
            html`<p class="error" role="alert">${error instanceof Error ? error.message : String(error)}</p>`,
          initial: () => nothing,
          pending: () => nothing,
          complete: () => nothing,
        })}
      </section>
      <section aria-labelledby="join">
        <h3 id="join">Join a room</h3>
        <form @submit=${this.#join}>
          <wa-input
            label="Link that you were given"
            name="link"
            autocomplete="off"
            placeholder="https://…/#/join/…"
            required
          ></wa-input>
          <wa-button type="submit" appearance="outlined">Look at the invite</wa-button>
        </form>
        ${this.#linkError === "" ? nothing : html`<p class="error" role="alert">${this.#linkError}</p>`}
      </section>
    `;
  }

  readonly #open = (event: Event): void => {
    event.preventDefault();
    const name = this.#value("name");
    // A room that somebody opens is for sharing, so the switch is on at first; whoever presses the button has seen it.
    const share = this.renderRoot.querySelector<Switch>("wa-switch")?.checked ?? false;
    if (name !== "") void this.#opening.run([name, this.#value("own-name"), share]);
  };

  readonly #join = (event: Event): void => {
    event.preventDefault();
    const link = this.#value("link");
    try {
      this.workspace?.grid.rooms.inspect(link);
      this.#linkError = "";
      go(link.slice(link.indexOf("#")));
    } catch (error) {
      this.#linkError = error instanceof Error ? error.message : String(error);
    }
    this.requestUpdate();
  };

  #value(name: string): string {
    return this.renderRoot.querySelector<Field>(`wa-input[name=${name}]`)?.value.trim() ?? "";
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "mg-open-room": OpenRoom;
  }
}
