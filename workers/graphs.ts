/** Entry of the workers that read graphs of models, so that no graph can hold the page up. Started by `NodePipelines`. */
import { serveWorker } from "../src/border/worker";
import { GraphService } from "../src/pipeline/graphs";

serveWorker(new GraphService());
