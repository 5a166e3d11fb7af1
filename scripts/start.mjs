/** `npm start`: installs, builds, serves the site and a signaling server, and says when it is ready. */
import { startOptions } from "./run/options.mjs";
import { run } from "./run/message.mjs";
import { stopOnSignal } from "./run/stop.mjs";
import { ensureInstalled } from "./setup/install.mjs";

await run(async () => {
  const options = startOptions(process.argv.slice(2), process.env);
  await ensureInstalled();
  const { buildAll } = await import("./build/run.mjs");
  await buildAll({ brief: true });
  const { serve } = await import("./serve/run.mjs");
  const { url, lanUrls, close } = await serve(options);
  stopOnSignal(close);
  console.log(`Microgrid is ready at ${url}`);
  for (const lanUrl of lanUrls) console.log(`  on the local network: ${lanUrl}`);
  if (options.https) console.log("  Browsers warn once, since this machine made the certificate itself. Ctrl-C stops.");
  if (options.open) {
    const { openBrowser } = await import("./run/open.mjs");
    openBrowser(url);
  }
});
