/** Name and version of this program, as shown to peers. */
export const AGENT = "microgrid/0.1";
