/** Styles for the room's panel. */
import { css } from "lit";

export const panelStyles = css`
  :host {
    display: block;
    padding: 0.75rem 1.25rem 1.5rem;
  }
  header {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 0.5rem;
    min-height: 2.5rem;
    margin-bottom: 1rem;
  }
  h2 {
    min-width: 0;
    font-size: 1.0625rem;
    font-weight: 620;
    line-height: 1.35;
    overflow-wrap: anywhere;
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
    overflow: hidden;
  }
  .tools {
    display: flex;
    flex: none;
    align-items: center;
    gap: 0.25rem;
  }
  .banner,
  .waiting {
    margin-bottom: 1.25rem;
  }
  .waiting {
    display: grid;
    justify-items: start;
    gap: 0.625rem;
    padding: 0.875rem;
    border: 1px solid var(--mg-border-strong);
    border-radius: var(--mg-radius);
    font-size: 0.9375rem;
    line-height: 1.5;
  }
  .waiting p {
    display: flex;
    align-items: baseline;
    gap: 0.625rem;
  }
  .section ~ .section {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    margin-top: 1.5rem;
    padding-top: 1.5rem;
    border-top: 1px solid var(--mg-border);
  }
`;
