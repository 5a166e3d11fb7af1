/** A file of weights to transfer, and one end of a link for it. */
import { type Mock, vi } from "vitest";
import type { BulkBody, BulkFrame, BulkRange } from "../frames/bulk";
import type { BulkTaker } from "../weights/taker";

export const MODEL = { model: "o/m", graph: "onnx/model.onnx", weightsHash: "hash" };
export const FILE = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7 + (i >> 11)) % 251);
export const BLOB = new Blob([FILE]);
export const RANGE: BulkRange = { ...MODEL, location: "weights", offset: 0, length: 100_000 };

/** Whether `blob` is that part of the file. */
export async function same(blob: Blob, offset: number, length: number): Promise<boolean> {
  return Buffer.compare(Buffer.from(await blob.arrayBuffer()), FILE.subarray(offset, offset + length)) === 0;
}

type Lane = ConstructorParameters<typeof BulkTaker>[0];

interface Seam {
  readonly lane: Lane;
  readonly sent: readonly BulkFrame[];
  /** The bodies of the frames of a kind that were sent. */
  of<K extends BulkFrame["kind"]>(kind: K): BulkBody<K>[];
  readonly accuse: Mock<(what: string) => void>;
}

/** One end of a link without the link: what it sends, and what it says of its peer. */
export function seam(): Seam {
  const sent: BulkFrame[] = [];
  const accuse = vi.fn<(what: string) => void>();
  const lane = {
    send: (kind: string, body: unknown) => {
      sent.push({ kind, body } as BulkFrame);
      return Promise.resolve();
    },
  } as Lane;
  const of = <K extends BulkFrame["kind"]>(kind: K): BulkBody<K>[] =>
    sent.flatMap((frame) => (frame.kind === kind ? [frame.body as BulkBody<K>] : []));
  return { sent, accuse, lane, of };
}
