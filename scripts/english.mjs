/** `npm run english`: lists what the English rule finds; `-- --lower` writes the counts to the allowance. */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { countEnglish, englishAllowance, englishPlaces, lowered } from "./lint/english-count.mjs";
import { run } from "./run/message.mjs";
import { ROOT } from "./run/spawn.mjs";

await run(async () => {
  const { values, positionals } = parseArgs({
    options: { lower: { type: "boolean" } },
    allowPositionals: true,
  });
  const places = englishPlaces(ROOT).filter(
    ({ path }) => positionals.length === 0 || positionals.some((start) => path.startsWith(start)),
  );
  for (const { path, line, text, advice } of places) console.log(`${path}:${line}  “${text}”  ${advice}`);
  console.log(`${places.length} findings`);
  if (!values.lower) return;
  const allowance = lowered(englishAllowance(), countEnglish(ROOT));
  writeFileSync(`${ROOT}/scripts/lint/english-allowance.json`, `${JSON.stringify(allowance, undefined, 2)}\n`);
});
