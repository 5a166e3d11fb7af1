/** The text of a PDF, read by PDF.js in a worker of its own. Loaded with the first PDF. */
import { PDFWorker, getDocument, type PDFDocumentProxy } from "pdfjs-dist/legacy/build/pdf.mjs";
import pdfWorkerUrl from "pdfjs-dist/legacy/build/pdf.worker.mjs?worker&url";
import { onAbort, spawnWorker } from "../../core";
import { CharacterMaps } from "./character-maps";

/** The text of all pages. Its errors are written to be shown. */
export async function pdfText(name: string, data: Uint8Array, signal: AbortSignal): Promise<string> {
  const port = spawnWorker(pdfWorkerUrl, "microgrid-pdf");
  const worker = PDFWorker.create({ port });
  const loading = getDocument({
    data,
    worker,
    CMapReaderFactory: CharacterMaps,
    // Text needs neither fonts nor pictures, and the page's policy forbids eval.
    isEvalSupported: false,
    disableFontFace: true,
    useWasm: false,
  });
  const stop = onAbort(signal, () => void loading.destroy());
  try {
    const text = await pagesOf(await loading.promise);
    if (text.trim() !== "") return text;
  } catch (error) {
    throw new Error(failureText(name, error), { cause: error });
  } finally {
    stop();
    worker.destroy();
    port.terminate();
  }
  throw new Error(`“${name}” has no text in it: its pages are pictures, and pictures cannot be read yet.`);
}

async function pagesOf(document: PDFDocumentProxy): Promise<string> {
  const pages: string[] = [];
  for (let number = 1; number <= document.numPages; number++) {
    const page = await document.getPage(number);
    const { items } = await page.getTextContent();
    pages.push(items.map((item) => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : "")).join(""));
    page.cleanup();
  }
  return pages.join("\n\n");
}

function failureText(name: string, error: unknown): string {
  return error instanceof Error && error.name === "PasswordException"
    ? `“${name}” is protected by a password. Save a copy without one, and attach that.`
    : `“${name}” is damaged: no text could be read from it.`;
}
