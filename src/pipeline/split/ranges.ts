/** Lays the weights of a stage into files of its own, and plans the requests that fetch them. */
import type { WeightRange } from "../../onnx";
import type { StagePiece } from "./types";
import type { Weight } from "./weights";

/** Largest file of a stage: the whole file is in memory while it is handed to the engine. */
export const MAX_FILE_BYTES = 256 * 2 ** 20;

/** Weights keep their offset modulo this: exporters align for memory mapping, kernels for vectors. */
const ALIGNMENT_BYTES = 64;

/** Weights laid into the files of a stage. */
interface Relocation {
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  readonly pieces: readonly StagePiece[];
  /** The new place of a range. */
  place(range: WeightRange): WeightRange;
}

/** Lays the weights into files, ordered by location and offset so that neighbours stay neighbours. */
export function relocate(constants: readonly Weight[], maxFileBytes: number): Relocation {
  const ranges = new Map(constants.flatMap(({ external }) => (external ? [[keyOf(external), external] as const] : [])));
  const sorted = [...ranges.values()].filter(({ length }) => length > 0).sort(byPlace);
  const places = new Map<string, { file: string; at: number }>();
  const files: { name: string; bytes: number }[] = [];
  const pieces: StagePiece[] = [];
  for (const range of sorted) {
    let file = files.at(-1);
    let at = file && aligned(file.bytes, range.offset);
    if (!file || at === undefined || at + range.length > maxFileBytes) {
      file = { name: `stage.${files.length}`, bytes: 0 };
      files.push(file);
      at = aligned(0, range.offset);
    }
    file.bytes = at + range.length;
    places.set(keyOf(range), { file: file.name, at });
    const last = pieces.at(-1);
    const follows = last?.file === file.name && last.location === range.location;
    if (last && follows && last.offset + last.length === range.offset && last.at + last.length === at) {
      pieces[pieces.length - 1] = { ...last, length: last.length + range.length };
    } else pieces.push({ ...range, file: file.name, at });
  }
  return {
    files,
    pieces,
    place: (range) => {
      // Empty weights have no place, but need the name of some file.
      const { file, at } = places.get(keyOf(range)) ?? { file: files[0]?.name ?? "stage.0", at: 0 };
      return { location: file, offset: at, length: range.length };
    },
  };
}

/** A request for a part of a file, and the pieces that it contains. */
interface RangeRequest {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
  readonly pieces: readonly StagePiece[];
}

/**
 * Merges many pieces into few requests. Pieces of one file with at most `gap` bytes between them are fetched together. No
 * request is longer than `max` bytes, so that a failed one costs little; larger pieces are divided. At least half of the bytes
 * of each request are wanted, wherever a graph claims that its weights lie.
 *
 * The number of requests grows with the size of the pieces, so compare `SplitModel.bytesOf` with a budget first.
 */
export function mergeRanges(
  pieces: readonly StagePiece[],
  { gap, max }: { readonly gap: number; readonly max: number },
): readonly RangeRequest[] {
  const requests: { location: string; offset: number; length: number; wanted: number; pieces: StagePiece[] }[] = [];
  for (const piece of pieces.flatMap((whole) => cut(whole, max)).sort(byPlace)) {
    const { location, offset, length } = piece;
    const last = requests.at(-1);
    const whole = last ? Math.max(last.offset + last.length, offset + length) - last.offset : 0;
    const wanted = (last?.wanted ?? 0) + length;
    const near = last?.location === location && offset - (last.offset + last.length) <= gap;
    if (last && near && whole <= max && whole <= 2 * wanted) {
      last.length = whole;
      last.wanted = wanted;
      last.pieces.push(piece);
    } else requests.push({ location, offset, length, wanted: length, pieces: [piece] });
  }
  return requests;
}

/** Divides a piece into parts of at most `max` bytes. */
function cut(piece: StagePiece, max: number): StagePiece[] {
  const parts: StagePiece[] = [];
  for (let start = 0; start < piece.length; start += max) {
    const length = Math.min(max, piece.length - start);
    parts.push({ ...piece, offset: piece.offset + start, at: piece.at + start, length });
  }
  return parts;
}

/** The first offset from `end` on with the same alignment as `offset`. */
function aligned(end: number, offset: number): number {
  return end + ((((offset - end) % ALIGNMENT_BYTES) + ALIGNMENT_BYTES) % ALIGNMENT_BYTES);
}

function keyOf({ location, offset, length }: WeightRange): string {
  return `${offset}+${length}@${location}`;
}

function byPlace(a: WeightRange, b: WeightRange): number {
  if (a.location !== b.location) return a.location < b.location ? -1 : 1;
  return a.offset - b.offset || a.length - b.length;
}
