/** Shows the rules of the current room and lets founders change them. */
import { Task, TaskStatus } from "@lit/task";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { nameText, quotedName } from "../../core";
import type { CharterState, GridState, RoomState } from "../../grid";
import { type CharterDraft, type DraftedCharter, changesOf, draftOf } from "../charter/draft";
import "../charter/form";
import { charterStyles, purposeView, rulesView } from "../charter/view";
import { isOwn } from "../controls";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { modelName } from "../state/models";
import type { Workspace } from "../state/workspace";
import { sections } from "../styles/shared";
import "../people/did-view";
import { houseMark, personStyles, shortDid } from "../people/person";

/** `<mg-charter-dialog .workspace>`. Event: `mg-closed`. */
@customElement("mg-charter-dialog")
export class CharterDialog extends WorkspaceElement {
  static override readonly styles = [
    sections,
    personStyles,
    charterStyles,
    css`
      wa-dialog {
        --width: min(34rem, calc(100vw - 1rem));
      }
      code {
        font: 0.75rem/1.5 var(--mg-mono);
        overflow-wrap: anywhere;
      }
      .founders {
        display: grid;
        gap: 0.25rem;
        margin: 0;
        padding: 0;
        list-style: none;
      }
    `,
  ];

  /** The charter being edited, as it was when editing began, and its draft. */
  @state() private editing: { readonly before: CharterState; readonly draft: CharterDraft } | undefined;
  readonly #saving = new Task(this, {
    autoRun: false,
    task: async ([before, after]: readonly [CharterState, DraftedCharter]) => {
      const changes = changesOf(before, after.terms);
      if (Object.keys(changes).length > 0) await this.workspace?.grid.rooms.current?.amend(changes);
      this.editing = undefined;
      if (before.quorum > 1) this.workspace?.toast("Proposed. The change applies once enough owners have agreed.");
    },
  });

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    const room = workspace?.grid.state.room;
    if (!workspace || !room) return nothing;
    const { charter } = room;
    const label = this.editing ? "Change the rules" : `Rules of ${quotedName(room.name)}`;
    return html`<wa-dialog label=${label} open @wa-after-hide=${this.#hidden}>
      ${
        this.editing
          ? this.#form(workspace, this.editing.before, this.editing.draft)
          : charter
            ? this.#view(workspace.grid.state, room, charter)
            : html`<p class="muted">The rules appear once someone else is in the room.</p>`
      }
    </wa-dialog>`;
  }

  #view(state: GridState, room: RoomState, charter: CharterState): TemplateResult {
    const founder = room.membership.kind === "member" && room.membership.founder;
    const names = {
      model: (id: string): string => modelName(state, id),
      did: (did: string): string => knownAs(state, room, did) ?? shortDid(did),
    };
    return html`<section>
        ${purposeView(charter)} ${rulesView(charter, names)}
        ${
          founder
            ? html`<div>
                <button class="button" @click=${() => (this.editing = { before: charter, draft: draftOf(charter) })}>
                  Change the rules
                </button>
              </div>`
            : nothing
        }
      </section>
      <section>
        <h3>${charter.founders.length === 1 ? "Owner" : "Owners"}</h3>
        <ul class="founders">
          ${charter.founders.map((did) => html`<li>${this.#founder(state, room, did)}</li>`)}
        </ul>
        <details>
          <summary>Details</summary>
          <p class="muted small">
            Signed by ${charter.quorum === 1 ? "an owner" : `${charter.quorum} owners`}. Version ${charter.version + 1},
            fingerprint <code>${charter.hash.slice(0, 16)}</code>. Everyone with the same rules sees the same
            fingerprint.
          </p>
        </details>
      </section>`;
  }

  #founder(state: GridState, room: RoomState, did: string): TemplateResult {
    const name = knownAs(state, room, did);
    const house = [state.node.house, ...room.peers.map((peer) => peer.house)].find((each) => each?.did === did);
    return html`${house ? html`The profile ${houseMark(house)}` : name === undefined ? nothing : html`<bdi>${name}</bdi>`}
      <mg-did .value=${did} what="owner’s ID"></mg-did>`;
  }

  #form(workspace: Workspace, before: CharterState, draft: CharterDraft): TemplateResult {
    return html`<section>
      <p class="muted small">
        ${
          before.quorum > 1
            ? `New rules apply to everyone once ${before.quorum} owners have agreed.`
            : "New rules apply to everyone in the room at once."
        }
      </p>
      <mg-charter-form
        expanded
        submit-label=${before.quorum > 1 ? "Propose the change" : "Change the rules"}
        .draft=${draft}
        .models=${workspace.grid.state.models}
        .busy=${this.#saving.status === TaskStatus.PENDING}
        @mg-charter=${({ detail }: CustomEvent<DraftedCharter>) => void this.#saving.run([before, detail])}
      ></mg-charter-form>
      ${taskFailure(this.#saving)}
      <div><button class="link small" @click=${() => (this.editing = undefined)}>Keep the current rules</button></div>
    </section>`;
  }

  readonly #hidden = (event: Event): void => {
    if (isOwn(event)) this.dispatchEvent(new CustomEvent("mg-closed"));
  };
}

/** The name under which this device knows a DID, if any. */
function knownAs({ node }: GridState, { peers }: RoomState, did: string): string | undefined {
  if (did === node.did) return `${nameText(node.name)} (you)`;
  const peer = peers.find((each) => each.did === did);
  if (peer) return nameText(peer.name);
  const house = [node.house, ...peers.map((each) => each.house)].find((each) => each?.did === did);
  return house && nameText(house.name);
}
