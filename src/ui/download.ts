/** Saves files through the browser's downloads. */

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
