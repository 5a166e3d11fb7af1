/** The store worker: downloads and keeps the files of models. Started by a `ModelLibrary`. */
import { serveWorker } from "../src/border/worker";
import { ModelStore } from "../src/models/store-service";

serveWorker(new ModelStore());
