/** The far side of the border's acceptance suite, in a worker. */
import { serveWorker } from "../../src/border";
import { FarSide } from "../../src/border/testing/service";

serveWorker(new FarSide());
