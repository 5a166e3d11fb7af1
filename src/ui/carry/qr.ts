/** Draws QR codes as SVG, without inserting any foreign markup. */
import { html, svg, type TemplateResult } from "lit";
import { encode } from "uqr";

/** The most bytes in one code, at the lowest error correction. */
const MAX_QR_BYTES = 2953;

/** A code of this many bytes is still coarse enough to be read from a screen, and can afford to be read with a blemish. */
const SMALL_QR_BYTES = 400;

/** The QR code of a text, with a label for screen readers; or a sentence if the text is too long for one code. */
export function qr(text: string, label: string): TemplateResult {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > MAX_QR_BYTES) {
    return html`<p class="muted small">This text is too long for one QR code. Copy it instead.</p>`;
  }
  const { data, size } = encode(text, { ecc: bytes > SMALL_QR_BYTES ? "L" : "M", border: 2 });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return html`<svg class="qr" role="img" aria-label=${label} viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">
    ${svg`<path d="M0 0h${size}v${size}h-${size}z" fill="#fff" /><path d=${path} fill="#000" />`}
  </svg>`;
}
