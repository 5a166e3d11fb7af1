/** The far side of the border's acceptance suite, in a real worker. */
import { serveWorker } from "../../src/border";
import { FarSide } from "../../src/border/testing/service";

serveWorker(new FarSide());
