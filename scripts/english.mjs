/** `npm run english`: lists what the English rule finds. */
import { parseArgs } from "node:util";
import { englishPlaces } from "./lint/english-count.mjs";
import { run } from "./run/message.mjs";
import { ROOT } from "./run/spawn.mjs";

await run(async () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  const places = englishPlaces(ROOT).filter(
    ({ path }) => positionals.length === 0 || positionals.some((start) => path.startsWith(start)),
  );
  for (const { path, line, text, advice } of places) console.log(`${path}:${line}  “${text}”  ${advice}`);
  console.log(`${places.length} findings`);
});
