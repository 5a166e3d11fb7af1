/** WebAssembly addresses 4 GiB, which hold a model's weights and everything else. */
export const LARGEST_WASM_BYTES = 3.5 * 2 ** 30;
