/**
 * The texts and choices that a person agrees to before entering a room. The page and the embedded element share them, so
 * that both say the same about what others learn.
 */
import { html, nothing, type TemplateResult } from "lit";
import { nameText, plain, quotedName } from "../../core";
import type { CharterState, GridState, InviteInfo } from "../../grid";
import { TOLD_TO_GUESTS, TOLD_TO_MEMBERS } from "../../grid/parts";

/** Shown while a guest's device looks for a member who can show the room. */
export function lookingText({ notices }: Pick<GridState, "notices">): string {
  const blocked = notices.find(({ id }) => id === "no-direct-way");
  return (
    blocked?.text ??
    "Looking for someone inside who can show the room’s rules. They learn your IP address and nothing else. This continues until someone is there."
  );
}

/** Why an invite opens no door any more, by this device's clock; undefined while it does. */
export function endedText({ ends }: Pick<InviteInfo, "ends">): string | undefined {
  if (ends.getTime() > Date.now()) return undefined;
  return `This invite ended on ${ends.toLocaleDateString("en", { dateStyle: "long" })}. Ask for a new one.`;
}

/** The switch that lets others use this device. */
export const SHARE_LABEL = "Share this device";

/** Said instead of the switch where devices that join are shared in any case. */
export const JOINING_SHARES = "Joining shares this device.";

/** Explains sharing; `charter` is undefined if the room was not seen. */
export function shareHint(charter: Pick<CharterState, "contribution"> | undefined): string {
  const meaning = "Others’ questions then run on it while this page is open, and use its battery or electricity.";
  return charter?.contribution === "expected" ? `Only members who share get answers. ${meaning}` : meaning;
}

const LIST = new Intl.ListFormat("en");

/** Lists the facts about this person and this device that members of the room learn. */
export function visibleToMembers({ house }: GridState["node"]): TemplateResult {
  const profile = house ? html`; and that you are of <bdi>${nameText(house.name)}</bdi>` : "";
  const members = LIST.format([...Object.values(TOLD_TO_MEMBERS), "your IP address"]);
  const guests = LIST.format(Object.values(TOLD_TO_GUESTS));
  return html`<p class="small">
    <b>Members</b> will see ${members}${profile}.<br /><b>Everybody with a link</b> to the room can see ${guests}.<br /><b
      >The device that answers you</b
    >
    can read that chat.
  </p>`;
}

/** The servers through which members meet learn something too. */
export function meetingText({ servers }: InviteInfo): TemplateResult | typeof nothing {
  if (servers.length === 0) return nothing;
  const see = servers.length === 1 ? "it sees" : "they see";
  const names = servers.map((server) => (URL.canParse(server) ? new URL(server).host : plain(server)));
  return html`<p class="muted small">Connects through ${names.join(", ")} (${see} your IP address).</p>`;
}

/** A node is in one room at a time: entering another leaves the current one. */
export function leavingText(room: GridState["room"]): TemplateResult | typeof nothing {
  if (!room) return nothing;
  return html`<p class="warning">You are now in ${quotedName(room.name)} and will leave it.</p>`;
}

/** The room could not be seen from outside. */
export function lookFailedText(reason: string): string {
  return `The room could not be previewed. ${reason}`;
}
