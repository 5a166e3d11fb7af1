/** One node in the room: its identity, what it offers and how busy it is. All text from the peer is shown as plain text. */
import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { nameText, plain } from "../../core";
import type { PeerState } from "../../grid";
import { MicrogridElement } from "../element";
import { formatBytes, formatExpectedRate, formatRate } from "../format";
import { avatar } from "../people/avatar";
import "../people/did-view";
import { peerStyles } from "./peer-styles";
import { founderMark, houseMark, personName, personStyles } from "../people/person";

/** `<mg-peer-row .peer ?removable>`. Event: `mg-remove` (detail: the peer) asks to remove it from the room. */
@customElement("mg-peer-row")
export class PeerRow extends MicrogridElement {
  static override readonly styles = [personStyles, peerStyles];

  @property({ attribute: false }) peer: PeerState | undefined;
  /** The name of the member that let it in; undefined if no member did, or if that one is not in the room now. */
  @property({ attribute: false }) admittedBy: string | undefined;
  /** Whether this node may remove members. */
  @property({ type: Boolean }) removable = false;

  protected override render(): TemplateResult | typeof nothing {
    const { peer } = this;
    if (!peer) return nothing;
    const { load } = peer;
    const work = [
      load.running > 0 ? `answering ${load.running}` : "idle",
      load.queued > 0 ? `${load.queued} waiting` : "",
      load.running > 0 && load.tokenRate > 0 ? formatRate(load.tokenRate) : "",
      // Others tell 1 unless it is low.
      (load.battery ?? 1) < 1 ? "battery low" : "",
      load.visible ? "" : "in the background",
    ].filter(Boolean);
    return html`${avatar(peer.did)}
      <div class="body">
        <div class="top">
          <strong>${personName(peer.name)}</strong>
          <span class="rtt" title="Round trip"
            >${peer.rttMs === undefined ? "measuring…" : `${Math.max(1, Math.round(peer.rttMs))} ms`}</span
          >
        </div>
        <div class="marks">${houseMark(peer.house)} ${founderMark(peer.founder)}</div>
        <div class="facts">
          <bdi>${[plain(peer.device), plain(peer.gpu) || "no GPU"].filter(Boolean).join(" · ")}</bdi>
        </div>
        ${
          peer.sharing
            ? html`<div class="facts models"><bdi>${models(peer)}</bdi></div>
                <div class="facts">${work.join(" · ")}</div>
                ${
                  peer.layersBytes > 0
                    ? html`<div class="facts">Offers up to ${formatBytes(peer.layersBytes)} for larger models</div>`
                    : nothing
                }`
            : html`<div class="facts">Does not share its device</div>`
        }
        ${this.#details(peer)}
      </div>`;
  }

  #details(peer: PeerState): TemplateResult {
    return html`<details>
      <summary aria-label="Details of ${nameText(peer.name)}">Details</summary>
      <dl>
        <dt>ID</dt>
        <dd><mg-did .value=${peer.did}></mg-did></dd>
        <dt>Profile</dt>
        <dd>
          ${
            peer.house
              ? html`<bdi>${nameText(peer.house.name)}</bdi> has added this device; the signature was checked.
                  <mg-did .value=${peer.house.did} what="ID of the profile"></mg-did>`
              : "None. This device chose its name itself."
          }
        </dd>
        ${
          this.admittedBy === undefined
            ? nothing
            : html`<dt>Let in by</dt>
                <dd><bdi>${nameText(this.admittedBy)}</bdi></dd>`
        }
      </dl>
      ${
        this.removable
          ? html`<button class="button danger" @click=${() => this.#remove(peer)}>Remove from the room…</button>`
          : nothing
      }
    </details>`;
  }

  #remove(peer: PeerState): void {
    this.dispatchEvent(new CustomEvent<PeerState>("mg-remove", { detail: peer }));
  }
}

function models(peer: PeerState): string {
  if (peer.offers.length === 0)
    return peer.layersBytes > 0 ? "Shares no complete model" : "Shares; its model is not ready yet";
  return peer.offers
    .map(({ name, model, decodeRate, devices = 1 }) => {
      const facts = [
        devices > 1 ? `on ${devices} devices` : "",
        decodeRate === undefined ? "" : formatExpectedRate(decodeRate),
      ].filter(Boolean);
      return `${plain(name) || plain(model)}${facts.length === 0 ? "" : ` (${facts.join(", ")})`}`;
    })
    .join(", ");
}
