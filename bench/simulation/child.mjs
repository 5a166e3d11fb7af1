/** Runs one simulation in a process of its own, which needs more memory, and a clock that nobody else looks at. */
import { fileURLToPath } from "node:url";
import { importTypeScript } from "../../scripts/run/typescript.mjs";

/** @type {{ measureRoom(nodes: number, say: (text: string) => void): Promise<object> }} */
const { measureRoom } = await importTypeScript(fileURLToPath(new URL("measure.ts", import.meta.url)));
const figures = await measureRoom(Number(process.argv[2]), (text) => console.error(`  ${text}`));
process.stdout.write(JSON.stringify(figures), () => process.exit(0));
