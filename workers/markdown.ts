/** Entry of the worker that reads Markdown, so that no text can hold the page up. */
import { serveWorker } from "../src/border/worker";
import { MarkdownService } from "../src/ui/markdown/reader-service";

serveWorker(new MarkdownService());
