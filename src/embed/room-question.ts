/** The question before a room is entered: what it is, what its members will see, and what the person agrees to. */
import { html, nothing, type TemplateResult } from "lit";
import type { GridState } from "../grid";
import { plain } from "../ui/parts";
import type { Consent, Look, RoomEntry } from "./room-entry";
import { roomLook } from "./room-look";

type Asking = Extract<RoomEntry, { kind: "asking" | "entering" }>;

/** What the question needs to know, and what happens with the answer. */
export interface QuestionOptions {
  readonly state: GridState;
  /** True where the element loads a model, without which there is nothing to share. */
  readonly canShare: boolean;
  onLook(): void;
  onJoin(consent: Consent): void;
  onDecline(): void;
}

export function roomQuestion(entry: Asking, options: QuestionOptions): TemplateResult {
  const { state, canShare, onJoin, onDecline } = options;
  const { invite } = entry;
  const look: Look | undefined = entry.kind === "asking" ? entry.look : undefined;
  const pending = entry.kind === "entering";
  const error = entry.kind === "asking" ? entry.error : undefined;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (look?.kind === "not-yet" || look?.kind === "failed") return options.onLook();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const name = data.get("name");
    onJoin({ name: typeof name === "string" ? name.trim() : "", share: data.has("share") });
  };
  return html`<form class="card" part="room-question" aria-label="Join a room?" @submit=${submit}>
    <h2>Join “<bdi>${plain(invite.name)}</bdi>”?</h2>
    ${look ? roomLook(look) : nothing}
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
            You meet through ${invite.servers.map(plain).join(", ")}, which learns your network address.
          </p>`
        : nothing
    }
    ${
      state.room && state.room.id !== invite.roomId
        ? html`<p class="small">You are in “<bdi>${plain(state.room.name)}</bdi>” now and will leave it.</p>`
        : nothing
    }
    ${error ? html`<p class="error" part="error" role="alert">${error.message}</p>` : nothing}
    <div class="actions">
      <button class="button" type="button" ?disabled=${pending} @click=${onDecline}>Not now</button>
      <button
        class="button ${look?.kind === "looking" ? "" : "primary"}"
        type="submit"
        ?disabled=${pending || (look?.kind === "seen" && look.entrance.kind === "closed")}
      >
        ${submitLabel(look)}
      </button>
    </div>
  </form>`;
}

/** What the button does: it looks before it joins. */
function submitLabel(look: Look | undefined): string {
  switch (look?.kind) {
    case undefined:
      return "Joining…";
    case "not-yet":
      return "Look inside";
    case "looking":
      return "Join anyway";
    case "failed":
      return "Look again";
    case "seen":
      return look.entrance.kind === "ask" ? "Ask to come in" : "Join";
  }
}
