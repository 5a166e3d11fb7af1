/** Styles of the conversation. */
import { css } from "lit";

export const chatStyles = css`
  :host {
    position: relative;
    display: flex;
    flex-direction: column;
    min-height: 0;
    height: 100%;
    padding-top: var(--mg-toast-space, 0);
  }
  :host([dropping]) mg-composer {
    --mg-border-strong: var(--mg-accent);
    --mg-raised: var(--mg-accent-soft);
  }
  .scroller {
    flex: 1;
    min-height: 0;
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
    scrollbar-color: var(--mg-border-strong) transparent;
  }
  .column {
    position: relative;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1.5rem;
    width: min(100%, var(--mg-column));
    margin-inline: auto;
    padding: 1.5rem 1.25rem 2rem;
  }
  .column.empty {
    min-height: 100%;
    align-content: center;
  }
  .moved {
    margin-top: -0.75rem;
    color: var(--mg-muted);
    font-size: 0.875rem;
  }
  mg-recommendation {
    margin-top: -0.75rem;
  }
  /* The space is there before the card, so that nothing moves when it comes. */
  .empty mg-recommendation {
    width: min(38rem, 100%);
    min-height: 6.5rem;
    margin: 0 auto;
  }
  .foot {
    width: min(100%, var(--mg-column));
    margin-inline: auto;
    padding: 0 1rem max(0.625rem, env(safe-area-inset-bottom));
  }
  /* The card of the model that loads at the start lies over the page, so that nothing moves when it comes or goes. */
  .start {
    position: relative;
  }
  .start mg-start-progress {
    position: absolute;
    inset: auto 1rem 100%;
  }
  .error {
    margin-bottom: 0.625rem;
  }
  .hint {
    padding-top: 0.5rem;
    text-align: center;
    font-size: 0.75rem;
  }
  .latest {
    position: absolute;
    left: 50%;
    bottom: 6.5rem;
    translate: -50% 0;
    border: 1px solid var(--mg-border);
    border-radius: 50%;
    background: var(--mg-raised);
    box-shadow: var(--mg-shadow);
  }
  @media (max-width: 480px) {
    .empty mg-recommendation {
      min-height: 10rem;
    }
  }
  @media (max-width: 640px) {
    .column {
      padding-inline: 1rem;
    }
    .foot {
      padding-inline: 0.625rem;
    }
    .start mg-start-progress {
      inset-inline: 0.625rem;
    }
  }
`;
