/** The people in a room as a row of faces; each pops in when its device arrives. */
import { css, html, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { nameText } from "../../core";
import type { GridState, RoomState } from "../../grid";
import { avatar } from "../people/avatar";

/** The most faces in the row; a room may have hundreds. */
const MAX_FACES = 12;

export const facesStyles = css`
  .faces {
    display: flex;
    flex-wrap: wrap;
    gap: 0.625rem 0.875rem;
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .faces li {
    display: grid;
    justify-items: center;
    gap: 0.25rem;
    width: 3.5rem;
    animation: pop 0.45s cubic-bezier(0.2, 1.6, 0.4, 1) backwards;
  }
  .faces .name {
    max-width: 100%;
    overflow: hidden;
    color: var(--mg-muted);
    font-size: 0.75rem;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  @keyframes pop {
    from {
      opacity: 0;
      transform: scale(0.2);
    }
  }
`;

/** The row. It repeats the list of people for the eye only. Needs `facesStyles`. */
export function faces({ node }: GridState, { peers }: RoomState): TemplateResult {
  const all = [{ did: node.did, name: "You" }, ...peers.map(({ did, name }) => ({ did, name: nameText(name) }))];
  return html`<ul class="faces" aria-hidden="true">
    ${repeat(
      all.slice(0, MAX_FACES),
      ({ did }) => did,
      ({ did, name }) => html`<li>${avatar(did, 44)}<bdi class="name">${name}</bdi></li>`,
    )}
  </ul>`;
}
