/** Checks that a hidden state is well formed, no matter where it comes from. */
import type { HiddenSlot, HiddenState } from "../stages";
import { bytesOf } from "./graph-spec";

/** Explains why a hidden state of `count` tokens does not match `slots`; undefined if it matches. */
export function hiddenFault(hidden: HiddenState, slots: readonly HiddenSlot[], count: number): string | undefined {
  if (hidden.length !== slots.length) return `${slots.length} tensors cross here, not ${hidden.length}`;
  for (const { name, type, width } of slots) {
    const tensor = hidden.find((each) => each.name === name);
    if (tensor?.type !== type || tensor.bytes.length !== count * width * bytesOf(type)) {
      return `${name} has to be ${count} × ${width} numbers of ${type}`;
    }
    if (!allFinite(tensor.bytes, type)) return `${name} has numbers that are not finite`;
  }
  return undefined;
}

/** Whether all numbers are finite. All bits of the exponent are set in infinities and NaN. */
function allFinite(bytes: Uint8Array<ArrayBuffer>, type: HiddenSlot["type"]): boolean {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  if (type === "float32") {
    const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
    return words.every((word) => (word & 0x7f800000) !== 0x7f800000);
  }
  const halves = new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
  return halves.every((half) => (half & 0x7c00) !== 0x7c00);
}
