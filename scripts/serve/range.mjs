/** The `Range` header: one range of bytes, which is what loading a model in pieces asks for. */

/**
 * @param {string | undefined} header
 * @param {number} bytes Size of the file.
 * @returns {{ start: number, end: number } | "unsatisfiable" | undefined} inclusive offsets; undefined where the whole
 *   file is to be sent, also for several ranges and for what is no range at all, as the standard allows
 */
export function parseRange(header, bytes) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  const [, first = "", last = ""] = match ?? [];
  if (!first && !last) return undefined;
  const start = first ? Number(first) : Math.max(0, bytes - Number(last));
  const end = first && last ? Math.min(Number(last), bytes - 1) : bytes - 1;
  if (first && last && Number(last) < start) return undefined;
  return start < bytes && start <= end ? { start, end } : "unsatisfiable";
}
