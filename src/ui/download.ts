/** Hands what was made here to the browser as a file. */

/** How long a file stays in memory for the download to begin, ms. */
const HELD_MS = 10_000;

/** Saves a file under `name`, as a click on a download link would. */
export function download(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own hold on the blob once it has begun.
  setTimeout(() => URL.revokeObjectURL(url), HELD_MS);
}

/** Saves `json` under `name`. */
export function downloadJson(json: string, name: string): void {
  download(new Blob([json], { type: "application/json" }), name);
}
