/** The help: what Microgrid is, its documents, its shortcuts, its version and its licences. */
import { css, html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { isOwn } from "../controls";
import { WorkspaceElement } from "../element";
import { sections } from "../styles/shared";
import { SHORTCUTS } from "./shortcuts";

/** The documents beside the page, which the build makes from `docs/`. */
const DOCUMENTS = [
  { file: "rooms.html", title: "Rooms", text: "opening, joining, inviting, and who answers" },
  { file: "models.html", title: "Models", text: "which there are, and how to add your own" },
  { file: "troubleshooting.html", title: "Troubleshooting", text: "what each message means, and what to do" },
  { file: "security.html", title: "Privacy and security", text: "who can read what, and what protects you" },
  { file: "embed.html", title: "Embedding", text: "a chat on your own website" },
  { file: "api.html", title: "API", text: "Microgrid for programs" },
] as const;

/** `<mg-help-dialog .workspace>`: a dialog named “Help”. */
@customElement("mg-help-dialog")
export class HelpDialog extends WorkspaceElement {
  static override readonly styles = [
    sections,
    css`
      wa-dialog {
        --width: min(34rem, calc(100vw - 1rem));
      }
      p {
        line-height: 1.55;
      }
      ul {
        display: grid;
        gap: 0.125rem;
        margin: 0;
        padding: 0;
        list-style: none;
      }
      li a {
        display: block;
        margin-inline: -0.75rem;
        padding: 0.4375rem 0.75rem;
        border-radius: var(--mg-radius-s);
        font-size: 0.9375rem;
        line-height: 1.4;
        text-decoration: none;
      }
      li a:hover {
        background: var(--mg-hover);
      }
      a {
        color: var(--mg-accent);
      }
      li strong {
        font-weight: 550;
      }
      dl {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0.5rem 1rem;
        margin: 0;
        font-size: 0.875rem;
        line-height: 1.5;
      }
      dd {
        margin: 0;
      }
      kbd {
        padding: 0.1em 0.4em;
        border: 1px solid var(--mg-border-strong);
        border-radius: 5px;
        font: 0.75rem var(--mg-mono);
        white-space: nowrap;
      }
      /* A phone has none of these keys. */
      @media (hover: none) and (pointer: coarse) {
        .keys {
          display: none;
        }
      }
    `,
  ];

  protected override render(): TemplateResult {
    return html`<wa-dialog label="Help" open light-dismiss @wa-after-hide=${this.#hidden}>
      <section>
        <p>
          Microgrid runs language models in the browser, on this device. In a room, devices share the work: one can
          answer for another, and several can run a model that none of them could run alone.
        </p>
      </section>
      <section>
        <h3>Documentation</h3>
        <ul>
          ${DOCUMENTS.map(
            ({ file, title, text }) =>
              html`<li>
                <a href="./help/${file}" target="_blank"
                  ><strong>${title}</strong><span class="muted small">: ${text}</span></a
                >
              </li>`,
          )}
        </ul>
      </section>
      <section class="keys">
        <h3>Keyboard</h3>
        <dl>
          ${SHORTCUTS.map(
            ([keys, what]) =>
              html`<dt><kbd>${keys}</kbd></dt>
                <dd>${what}</dd>`,
          )}
        </dl>
      </section>
      <section>
        <h3>About</h3>
        <p class="small">
          Version ${version()}. Microgrid is open source under the
          <a href="./help/licence.txt" target="_blank">Apache License 2.0</a>, and contains
          <a href="./help/third-party.txt" target="_blank">packages with their own licences</a>. No account and no
          telemetry. A signaling server helps the devices of a room to meet; it sees nothing that you write.
        </p>
      </section>
    </wa-dialog>`;
  }

  readonly #hidden = (event: Event): void => {
    if (isOwn(event)) this.workspace?.show({ dialog: undefined });
  };
}

/** The version, and the build that this page comes from. */
function version(): string {
  const { MICROGRID_VERSION, MICROGRID_BUILD = "" } = import.meta.env;
  return [MICROGRID_VERSION, MICROGRID_BUILD && `(build ${MICROGRID_BUILD.slice(0, 8)})`].filter(Boolean).join(" ");
}
