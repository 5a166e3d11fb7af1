/** Shows the name of a device and the house that vouches for it, the same way everywhere. */
import { css, html, nothing, type TemplateResult } from "lit";
import { nameText } from "../../core";
import type { VerifiedHouse } from "../../grid";
import { icon, verifiedIcon } from "../icons";

export const personStyles = css`
  .avatar {
    display: block;
    flex: none;
  }
  bdi {
    overflow-wrap: anywhere;
  }
  .house {
    display: inline-flex;
    align-items: baseline;
    gap: 0.25em;
    max-width: 100%;
    color: var(--mg-accent);
    font-size: 0.8125rem;
    font-weight: 550;
    white-space: nowrap;
  }
  .house bdi {
    min-width: 0;
    max-width: 14rem;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .house svg {
    flex: none;
    align-self: center;
  }
  .tag {
    flex: none;
    padding: 0 0.4rem;
    border: 1px solid var(--mg-border-strong);
    border-radius: 99px;
    color: var(--mg-muted);
    font-size: 0.6875rem;
    font-weight: 550;
    line-height: 1.5;
    white-space: nowrap;
  }
`;

/** A name that cannot change the writing direction of the text around it. */
export function personName(name: string): TemplateResult {
  return html`<bdi>${nameText(name)}</bdi>`;
}

/** “of Ada” with a check mark if a house vouches for the device; nothing for everybody else, which is no cause for alarm. */
export function houseMark(house: VerifiedHouse | undefined): TemplateResult | typeof nothing {
  if (!house) return nothing;
  return html`<span class="house" title="Verified"
    >of <bdi>${nameText(house.name)}</bdi> ${icon(verifiedIcon, 14)}<span class="visually-hidden"
      >, verified</span
    ></span
  >`;
}

/** A tag for the room's owners, as the page calls its founders. */
export function founderMark(founder: boolean): TemplateResult | typeof nothing {
  return founder ? html`<span class="tag">owner</span>` : nothing;
}

/** The beginning and the end of a DID, which people can compare. */
export function shortDid(did: string): string {
  const key = did.replace(/^did:key:/, "");
  return key.length <= 16 ? key : `${key.slice(0, 8)}…${key.slice(-6)}`;
}
