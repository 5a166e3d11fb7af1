/** The question before a room is entered: what the room is, what its members will see, and what the person agrees to. */
import { html, nothing, type TemplateResult } from "lit";
import { quotedName } from "../core";
import type { GridState } from "../grid";
import { MAX_NAME_CHARS } from "../grid/parts";
import type { RoomTexts } from "../ui/parts";
import type { Consent, Look, RoomEntry } from "./room-entry";

type Asking = Extract<RoomEntry, { kind: "asking" | "entering" }>;

/** Whether joining shares the device: never, as where there is no model to share; by the person's choice; or always. */
export type ShareByJoining = "never" | "choice" | "always";

/** Input of the question, and callbacks for the person's answer. */
interface QuestionOptions {
  /** The texts that the page agrees upon with people, too. */
  readonly texts: RoomTexts;
  readonly state: GridState;
  readonly share: ShareByJoining;
  modelName(state: GridState, id: string): string;
  onLook(): void;
  onJoin(consent: Consent): void;
  onDecline(): void;
}

/** The question, or why there is none: an invite that cannot be read. `state` is undefined until a grid is open. */
export function roomView(
  entry: RoomEntry,
  options: Omit<QuestionOptions, "state"> & { readonly state: GridState | undefined },
): TemplateResult | typeof nothing {
  if (entry.kind === "unreadable") {
    return html`<p class="error" part="error" role="alert">
      The room of this page cannot be entered. ${entry.error.message}
    </p>`;
  }
  const { state } = options;
  if (!state || (entry.kind !== "asking" && entry.kind !== "entering")) return nothing;
  return roomQuestion(entry, { ...options, state });
}

function roomQuestion(entry: Asking, options: QuestionOptions): TemplateResult {
  const { texts, state, share, onJoin, onDecline } = options;
  const { invite } = entry;
  const look: Look | undefined = entry.kind === "asking" ? entry.look : undefined;
  const charter = look?.kind === "seen" ? look.preview.charter : undefined;
  const pending = entry.kind === "entering";
  const ended = texts.endedText(invite);
  const error = entry.kind === "asking" ? entry.error : undefined;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (look?.kind === "not-yet" || look?.kind === "failed") return options.onLook();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const name = data.get("name");
    onJoin({ name: typeof name === "string" ? name.trim() : "", share: share === "always" || data.has("share") });
  };
  return html`<form class="card" part="room-question" aria-label="Join a room?" @submit=${submit}>
    <div class="body">
      <h2>Join ${quotedName(invite.name)}?</h2>
      ${
        ended === undefined
          ? look && lookView(look, options)
          : html`<p class="error" part="error" role="alert">${ended}</p>`
      }
      ${texts.visibleToMembers(state.node)}
      <label class="field">
        Your name in the room
        <input
          type="text"
          name="name"
          maxlength=${MAX_NAME_CHARS}
          autocomplete="off"
          .value=${state.node.name}
          ?disabled=${pending}
        />
      </label>
      ${
        share === "choice"
          ? html`<label>
              <input type="checkbox" name="share" ?disabled=${pending} />
              <span>${texts.SHARE_LABEL} <span class="muted small">${texts.shareHint(charter)}</span></span>
            </label>`
          : nothing
      }
      ${
        share === "always"
          ? html`<p><b>${texts.JOINING_SHARES}</b> <span class="muted small">${texts.shareHint(charter)}</span></p>`
          : nothing
      }
      ${texts.meetingText(invite)} ${state.room?.id === invite.roomId ? nothing : texts.leavingText(state.room)}
      ${error ? html`<p class="error" part="error" role="alert">${error.message}</p>` : nothing}
    </div>
    <div class="actions">
      <button class="button" type="button" ?disabled=${pending} @click=${onDecline}>Cancel</button>
      <button
        class="button ${look?.kind === "looking" ? "" : "primary"}"
        type="submit"
        ?disabled=${pending || ended !== undefined || (look?.kind === "seen" && look.entrance.kind === "closed")}
      >
        ${submitLabel(look)}
      </button>
    </div>
  </form>`;
}

function lookView(look: Look, { texts, state, modelName }: QuestionOptions): TemplateResult {
  switch (look.kind) {
    case "not-yet":
      return html`<p class="muted small">
        Open the invite to see who is there and the room’s rules. They learn your IP address, and nothing else.
      </p>`;
    case "looking":
      return html`<p class="muted small" role="status">${texts.lookingText(state)}</p>`;
    case "failed":
      return html`<p class="error" part="error" role="alert">${texts.lookFailedText(look.error.message)}</p>`;
    case "seen":
      return html`${
          look.entrance.kind === "closed"
            ? html`<p class="error" part="error" role="status">${look.entrance.reason}</p>`
            : nothing
        }
        <microgrid-room-preview
          .preview=${look.preview}
          .modelName=${(id: string) => modelName(state, id)}
        ></microgrid-room-preview>`;
  }
}

/** The button looks before it joins. */
function submitLabel(look: Look | undefined): string {
  switch (look?.kind) {
    case undefined:
      return "Joining…";
    case "not-yet":
      return "Open invite";
    case "looking":
      return "Join anyway";
    case "failed":
      return "Look again";
    case "seen":
      return look.entrance.kind === "ask" ? "Ask to join" : "Join";
  }
}
