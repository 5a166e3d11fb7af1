/** Entry of the site's Service Worker. It is built by itself, into one classic script at the root of the site. */
import { files } from "virtual:site-files";
import { startSiteWorker } from "../src/site-worker";
import type { SiteWorkerScope } from "../src/site-worker/scope";

startSiteWorker(self as unknown as SiteWorkerScope, files);
