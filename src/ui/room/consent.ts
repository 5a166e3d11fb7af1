/**
 * The texts and choices that a person agrees to before entering a room. The page and the embedded element share them, so
 * that both say the same about what others learn.
 */
import { html, nothing, type TemplateResult } from "lit";
import type { CharterState, GridState, InviteInfo } from "../../grid";
import { plain } from "../plain";
import { nameText } from "../people/person";

export { nameText } from "../people/person";

/** Shown while a guest's device looks for a member who can show the room. */
export const LOOKING_TEXT =
  "Looking for someone inside who can show the room’s rules. They learn your network address and nothing else. This continues until someone is there.";

/** The switch that lets others use this device. */
export const SHARE_LABEL = "Share this device";

/** Explains sharing; `charter` is undefined if the room was not seen. */
export function shareHint(charter: Pick<CharterState, "contribution"> | undefined): string {
  const meaning = "Members may then ask your models while this page is open, which uses power.";
  return charter?.contribution === "expected" ? `This room expects it. ${meaning}` : meaning;
}

/** Lists the facts about this person and this device that members of the room learn. */
export function visibleToMembers({ house }: GridState["node"]): TemplateResult {
  return html`<div>
    <p>The people in the room can see, once you are in:</p>
    <ul>
      <li>
        your name${house ? html`, that you belong to <bdi>${nameText(house.name)}</bdi>,` : ","} your browser and GPU,
        and your network address, since you connect directly
      </li>
      <li>the text of a chat, on the device that answers it for you</li>
      <li>nothing else: your other conversations and files stay on this device</li>
    </ul>
  </div>`;
}

/** The servers through which members meet learn something too. */
export function meetingText({ servers }: InviteInfo): TemplateResult | typeof nothing {
  if (servers.length === 0) return nothing;
  const learn = servers.length === 1 ? "learns" : "learn";
  return html`<p class="muted small">
    You meet through ${servers.map(plain).join(", ")}, which ${learn} your network address.
  </p>`;
}

/** A node is in one room at a time: entering another leaves the current one. */
export function leavingText(room: GridState["room"]): TemplateResult | typeof nothing {
  if (!room) return nothing;
  return html`<p class="warning">You are now in “<bdi>${nameText(room.name)}</bdi>” and will leave it.</p>`;
}

/** The room could not be seen from outside. */
export function lookFailedText(reason: string): string {
  return `The room could not be previewed. ${reason}`;
}
