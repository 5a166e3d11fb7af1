/** The question before a room is entered: its name, what its members will see, and what the person agrees to. */
import { html, nothing, type TemplateResult } from "lit";
import type { GridState } from "../grid";
import type { Consent, RoomEntry } from "./room-entry";

type Asking = Extract<RoomEntry, { kind: "asking" | "entering" }>;

/** What the question needs to know, and what happens with the answer. */
export interface QuestionOptions {
  readonly state: GridState;
  /** True where the element loads a model, without which there is nothing to share. */
  readonly canShare: boolean;
  onJoin(consent: Consent): void;
  onDecline(): void;
}

export function roomQuestion(entry: Asking, { state, canShare, onJoin, onDecline }: QuestionOptions): TemplateResult {
  const { invite } = entry;
  const pending = entry.kind === "entering";
  const error = entry.kind === "asking" ? entry.error : undefined;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const name = data.get("name");
    onJoin({ name: typeof name === "string" ? name.trim() : "", share: data.has("share") });
  };
  return html`<form class="card" part="room-question" aria-label="Join a room?" @submit=${submit}>
    <h2>Join “${invite.name}”?</h2>
    <div>
      <p>People in this room answer each other’s questions. They see:</p>
      <ul>
        <li>your name, your browser and GPU, and your network address, since you connect directly</li>
        <li>the text of this chat, on the device that answers it for you</li>
      </ul>
    </div>
    <label class="field">
      Your name in the room
      <input type="text" name="name" maxlength="40" autocomplete="off" .value=${state.node.name} ?disabled=${pending} />
    </label>
    ${
      canShare
        ? html`<label>
            <input type="checkbox" name="share" ?disabled=${pending} />
            <span>Answer others on this device too, while this page is open</span>
          </label>`
        : nothing
    }
    ${
      invite.servers.length > 0
        ? html`<p class="muted small">
            You meet through ${invite.servers.join(", ")}, which learns your network address.
          </p>`
        : nothing
    }
    ${
      state.room && state.room.id !== invite.roomId
        ? html`<p class="small">You are in “${state.room.name}” now and will leave it.</p>`
        : nothing
    }
    ${error ? html`<p class="error" part="error" role="alert">${error.message}</p>` : nothing}
    <div class="actions">
      <button class="button" type="button" ?disabled=${pending} @click=${onDecline}>Not now</button>
      <button class="button primary" type="submit" ?disabled=${pending}>${pending ? "Joining…" : "Join"}</button>
    </div>
  </form>`;
}
