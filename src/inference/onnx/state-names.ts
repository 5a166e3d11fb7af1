/** The names that exporters give to the state which a decoder keeps between two runs. */

/** The facts that the name of an input tells about the state that it takes. */
interface StateName {
  /** The layer's number in the graph. */
  readonly layer: number;
  /** True for keys or values, which grow with each token; false for state that each run replaces. */
  readonly grows: boolean;
  /** Names of the output with the state after the run; a graph has one of them. */
  readonly outputs: readonly string[];
}

/** `past_key_values.3.key`, `past.3.value`, `past_key_3`, `past_conv.0`, `past_key_values.0.recurrent_state`, … */
const STATE = /^past([a-z_]*?)[._]?(\d{1,6})((?:[._][a-z_]+)?)$/;
const KEYS_OR_VALUES = /^past(?:(?:_key_values)?[._]\d+[._](?:key|value)|_(?:key|value)[._]?\d+)$/;

/** Reads the name of a graph's input; undefined if the input is not state. */
export function readStateName(input: string): StateName | undefined {
  const found = STATE.exec(input);
  if (!found) return undefined;
  return {
    layer: Number(found[2]),
    grows: KEYS_OR_VALUES.test(input),
    outputs: [input.replace(/^past_key_values/, "present"), input.replace(/^past/, "present")],
  };
}
