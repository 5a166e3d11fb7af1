/** How a person's device is named everywhere: its own name, and who vouches for it or that nobody does. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { VerifiedHouse } from "../../grid";
import { icon } from "../icons";
import { plain } from "../plain";

export const personStyles = css`
  .avatar {
    display: block;
    flex: none;
  }
  bdi {
    overflow-wrap: anywhere;
  }
  .house {
    color: var(--mg-muted);
    font-size: 0.8125rem;
    overflow-wrap: anywhere;
  }
  .house.verified {
    display: inline-flex;
    align-items: baseline;
    gap: 0.25em;
    max-width: 100%;
    color: var(--mg-accent);
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

/** A name as text; one that cannot be seen is called unnamed. */
export function nameText(name: string): string {
  return plain(name) || "Unnamed";
}

/** A name that cannot turn the text around it. */
export function personName(name: string): TemplateResult {
  return html`<bdi>${nameText(name)}</bdi>`;
}

/** “of Ada” with a check mark where a house vouches, else “unverified”; there is nothing in between. */
export function houseMark(house: VerifiedHouse | undefined): TemplateResult {
  if (!house) return html`<span class="house">unverified</span>`;
  return html`<span class="house verified" title="Verified: ${house.did}"
    >of <bdi>${nameText(house.name)}</bdi> ${icon("verified", 14)}<span class="visually-hidden">, verified</span></span
  >`;
}

/** The mark of who has founded the room. */
export function founderMark(founder: boolean): TemplateResult | typeof nothing {
  return founder ? html`<span class="tag">founder</span>` : nothing;
}

/** A did for reading: its beginning and its end, which is what people compare. */
export function shortDid(did: string): string {
  const key = did.replace(/^did:key:/, "");
  return key.length <= 16 ? key : `${key.slice(0, 8)}…${key.slice(-6)}`;
}
