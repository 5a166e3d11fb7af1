/** The store worker: downloads and keeps the files of models. Started by whoever opens a `ModelLibrary`. */
import { expose } from "comlink";
import { ModelStore } from "../src/models/store-service";

expose(new ModelStore());
