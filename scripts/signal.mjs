/** `npm run signal`: the signaling server alone, on `SIGNAL_PORT` of `HOST`, for pages of its host and of `SIGNAL_ORIGINS`. */
import { hostOf, originsOf, portOf } from "./run/options.mjs";
import { run } from "./run/message.mjs";
import { stopOnSignal } from "./run/stop.mjs";
import { ensureInstalled } from "./setup/install.mjs";

/** The port that the site's deploy-time file names by default. */
const DEFAULT_PORT = 5181;

await run(async () => {
  const port = portOf("SIGNAL_PORT", process.env["SIGNAL_PORT"], DEFAULT_PORT);
  const host = hostOf(process.env, false);
  await ensureInstalled();
  const { SIGNALING_PATH, startSignaling } = await import("./serve/signaling.mjs");
  const signaling = await startSignaling({ host, port, origins: originsOf(process.env) });
  stopOnSignal(signaling.close);
  console.log(`Signaling is ready at http://${host}:${signaling.port}${SIGNALING_PATH}`);
});
