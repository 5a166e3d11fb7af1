/** Scrolls what a press has opened into view: content that opens outside the visible part would seem to be missing. */

/** For the `toggle` event of a `<details>`. */
export function revealOpened({ currentTarget }: Event): void {
  const details = currentTarget as HTMLDetailsElement;
  if (details.open) details.scrollIntoView({ block: "nearest" });
}
