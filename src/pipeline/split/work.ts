/**
 * Bounds the work of a layer from another member by its weights. Memory is given by bytes and time is measured on one layer, so
 * a layer must not do more with its weights than usual ones, which use each of them once.
 */
import { MicrogridError } from "../../core";
import type { CheckedGraph } from "./graph";
import type { StageParts } from "./parts";

/** How often a layer may use its weights, on average. Usual layers use most of them once, and none more than twice. */
const MAX_USES = 4;
/** Elements that any layer may use besides: norms, scales and tables are small and used more often. */
const FREE_ELEMENTS = 2 ** 18;
/** Products of values that are no weights: one or two in usual attention, and one for each of a few heads at most. */
const MAX_FREE_PRODUCTS = 256;
/** A constant with fewer elements is a size, an axis or a scale. */
const WEIGHT_ELEMENTS = 256;

const PRODUCTS =
  /^(?:MatMul|Gemm|Einsum|Conv|FusedMatMul|QLinear|.*Attention|.*MatMul|MatMulInteger|ConvInteger|FusedConv|ConvTranspose)/;

/** Throws `unsupported-model` if a layer works more than its weights explain. */
export function checkWork({ nodes, constants }: CheckedGraph, parts: StageParts, layer: number): void {
  let used = 0;
  let products = 0;
  for (const index of parts.nodes) {
    const node = nodes[index];
    if (!node) continue;
    const weights = [...node.inputs, ...node.captured].flatMap((name) => {
      const { elements = 0 } = constants.get(name) ?? {};
      return elements > WEIGHT_ELEMENTS ? elements : [];
    });
    used += weights.reduce((sum, elements) => sum + elements, 0);
    if (weights.length === 0 && PRODUCTS.test(node.op)) products++;
  }
  const places = new Map(
    parts.constants.map(({ name, external, elements = 0 }) => [
      external ? `${external.location}:${external.offset}+${external.length}` : name,
      elements,
    ]),
  );
  const here = [...places.values()].reduce((sum, elements) => sum + elements, 0);
  if (used > MAX_USES * here + FREE_ELEMENTS) {
    throw tooMuch(
      `Its layer ${layer + 1} uses its weights ${Math.round(used / Math.max(1, here))} times for each token`,
    );
  }
  if (products > MAX_FREE_PRODUCTS) throw tooMuch(`Its layer ${layer + 1} has ${products} products without weights`);
}

/** `what` is a sentence without its full stop. */
function tooMuch(what: string): MicrogridError {
  return new MicrogridError(
    "unsupported-model",
    `This model is not taken from another device. ${what}, which no usual decoder does. It can still be run where it was chosen.`,
  );
}
