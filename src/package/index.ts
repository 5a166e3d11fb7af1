/** Entry `microgrid` of the npm package: the API without any element. */
export { MicrogridError } from "../core";
export * from "../grid";
