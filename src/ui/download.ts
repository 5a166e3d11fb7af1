/** Saves files through the browser's downloads, or hands them to other apps. */

/** How long the file's URL stays valid so that the download can start, ms. */
const HELD_MS = 10_000;

/** Saves a file under `name`, as a click on a download link would. */
export function download(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // Once it has started, the download itself keeps the blob alive.
  setTimeout(() => URL.revokeObjectURL(url), HELD_MS);
}

/** Saves `json` under `name`. */
export function downloadJson(json: string, name: string): void {
  download(new Blob([json], { type: "application/json" }), name);
}

/** Opens the share sheet for a text on phones and tablets that have one; saves it as a file elsewhere. */
export async function shareText(text: string, name: string, type: string): Promise<void> {
  const file = new File([text], name, { type });
  const data = { files: [file], title: name };
  if (!matchMedia("(pointer: coarse)").matches || !("canShare" in navigator) || !navigator.canShare(data)) {
    download(file, name);
    return;
  }
  await navigator.share(data).catch((error: unknown) => {
    // A person who closes the sheet wants no file either.
    if (!(error instanceof DOMException && error.name === "AbortError")) download(file, name);
  });
}
