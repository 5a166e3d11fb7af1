/** The line at the bottom of the element: a warning, and a link to the site that the script came from. */
import { html, nothing, type TemplateResult } from "lit";
import { siteUrl } from "./site";

export function footerView(): TemplateResult {
  const site = siteUrl();
  return html`<slot name="footer" class="note muted" part="footer"
    >Answers can be wrong. Check what matters.
    ${site === undefined ? nothing : html`<a class="link" href=${site} target="_blank" rel="noopener">Open Microgrid</a>`}</slot
  >`;
}
