/** Copies text to the clipboard. */

/** How long a button shows “Copied”, ms. */
export const COPIED_MS = 1600;

/** Copies text to the clipboard; resolves to false if the browser refuses. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
