/** Makes an invite that ends after some number of uses or on some day. */
import { Task, TaskStatus } from "@lit/task";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { INVITE_DAYS, type InviteOptions } from "../../grid";
import "../controls";
import { dayField, dayText, lastMoment } from "../dates";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { sections } from "../styles/shared";
import "./invite-card";
import "./invite-code";
import { readUses } from "./invite-terms";

interface Field extends HTMLElement {
  /** Null if a date field is empty. */
  readonly value: string | null;
}

/** `<mg-invite-limits .workspace>`. */
@customElement("mg-invite-limits")
export class InviteLimits extends WorkspaceElement {
  static override readonly styles = [
    sections,
    css`
      summary {
        width: fit-content;
        color: var(--mg-accent);
        cursor: pointer;
      }
      .step {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.75rem;
        margin-top: 0.75rem;
        padding: 0.75rem;
        border: 1px solid var(--mg-border);
        border-radius: var(--mg-radius);
      }
    `,
  ];

  @state() private failure = "";
  @state() private made: { readonly link: string; readonly note: string } | undefined;
  readonly #making = new Task(this, {
    autoRun: false,
    task: async ([options]: readonly [InviteOptions]) => {
      const link = await this.workspace?.grid.rooms.current?.makeInvite(options);
      this.made = link === undefined ? undefined : { link, note: noteOf(options) };
    },
  });

  protected override render(): TemplateResult {
    return html`<details>
      <summary class="small">Make an invite with limits</summary>
      ${this.made ? this.#made(this.made) : this.#form()}
    </details>`;
  }

  #form(): TemplateResult {
    return html`<form class="step" novalidate @submit=${this.#make}>
      <wa-input
        label="Number of uses"
        name="uses"
        inputmode="numeric"
        autocomplete="off"
        placeholder="any number"
      ></wa-input>
      <wa-input label="Last day" name="ends" type="date" min=${dayField()}></wa-input>
      <p class="muted small">Without a last day, it ends after ${INVITE_DAYS} days.</p>
      ${this.failure === "" ? nothing : html`<p class="error" role="alert">${this.failure}</p>`}
      ${taskFailure(this.#making)}
      <button class="button" type="submit" aria-busy=${this.#making.status === TaskStatus.PENDING}>
        Make the invite
      </button>
    </form>`;
  }

  #made({ link, note }: { readonly link: string; readonly note: string }): TemplateResult {
    return html`<div class="step">
      <mg-invite-card
        label="Link with limits"
        .invite=${link}
        .name=${this.workspace?.grid.state.room?.name ?? ""}
        .note=${note}
        ><mg-invite-code .link=${link} label="QR code of the link with limits"></mg-invite-code
      ></mg-invite-card>
      <div><button class="link small" @click=${() => (this.made = undefined)}>Make another</button></div>
    </div>`;
  }

  readonly #make = (event: Event): void => {
    event.preventDefault();
    const value = (name: string): string =>
      this.renderRoot.querySelector<Field>(`wa-input[name=${name}]`)?.value?.trim() ?? "";
    const uses = readUses(value("uses"));
    const endsAt = lastMoment(value("ends"));
    this.failure = typeof uses === "string" ? uses : typeof endsAt === "string" ? endsAt : "";
    if (typeof uses === "string" || typeof endsAt === "string") return;
    void this.#making.run([{ ...(uses !== undefined && { uses }), ...(endsAt && { endsAt }) }]);
  };
}

function noteOf({ uses, endsAt }: InviteOptions): string {
  const who = uses === undefined ? "Anyone" : uses === 1 ? "One device" : `${uses} devices`;
  const until = endsAt ? `until the end of ${dayText(endsAt.getTime())}` : `for ${INVITE_DAYS} days`;
  return `${who} can use this link ${until}. It is not stored, so copy it now.`;
}
