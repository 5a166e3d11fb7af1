/** One node in the room: who it is, what it can do, how busy it is. All of it is shown as plain text. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { PeerState } from "../../grid";
import { formatRate } from "../format";
import { base } from "../styles/shared";
import { avatar } from "./avatar";

/** `<mg-peer-row .peer>`. */
@customElement("mg-peer-row")
export class PeerRow extends LitElement {
  static override readonly styles = [
    base,
    css`
      :host {
        display: flex;
        gap: 0.75rem;
        padding: 0.625rem 0;
        line-height: 1.45;
      }
      .body {
        flex: 1;
        min-width: 0;
      }
      .top {
        display: flex;
        align-items: baseline;
        justify-content: space-between;
        gap: 0.5rem;
      }
      strong {
        font-size: 0.9375rem;
        font-weight: 550;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .facts {
        color: var(--mg-muted);
        font-size: 0.8125rem;
        overflow-wrap: anywhere;
        font-variant-numeric: tabular-nums;
      }
      .rtt {
        flex: none;
        color: var(--mg-muted);
        font-size: 0.75rem;
        font-variant-numeric: tabular-nums;
      }
      .models {
        color: var(--mg-text);
      }
    `,
  ];

  @property({ attribute: false }) peer: PeerState | undefined;

  protected override render(): TemplateResult | typeof nothing {
    const { peer } = this;
    if (!peer) return nothing;
    const { load } = peer;
    const work = [
      load.running > 0 ? `answering ${load.running}` : "idle",
      load.queued > 0 ? `${load.queued} waiting` : "",
      load.running > 0 && load.tokenRate > 0 ? formatRate(load.tokenRate) : "",
      load.battery === undefined ? "" : `battery ${Math.round(load.battery * 100)} %`,
      load.visible ? "" : "in the background",
    ].filter(Boolean);
    return html`${avatar(peer.did, peer.name)}
      <div class="body">
        <div class="top">
          <strong title=${peer.did}>${peer.name || "Unnamed"}</strong>
          <span class="rtt" title="Round trip"
            >${peer.rttMs === undefined ? "measuring…" : `${Math.max(1, Math.round(peer.rttMs))} ms`}</span
          >
        </div>
        <div class="facts">${[peer.device, peer.gpu || "no GPU"].filter(Boolean).join(" · ")}</div>
        ${
          peer.sharing
            ? html`<div class="facts models">${models(peer)}</div>
                <div class="facts">${work.join(" · ")}</div>`
            : html`<div class="facts">Does not share its device</div>`
        }
      </div>`;
  }
}

function models(peer: PeerState): string {
  if (peer.offers.length === 0) return "Shares, but has no model ready";
  return peer.offers
    .map(
      ({ name, model, decodeRate }) =>
        `${name || model}${decodeRate === undefined ? "" : ` (${formatRate(decodeRate)})`}`,
    )
    .join(", ");
}

declare global {
  interface HTMLElementTagNameMap {
    "mg-peer-row": PeerRow;
  }
}
