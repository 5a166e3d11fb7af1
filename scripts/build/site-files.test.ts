import { expect, test } from "vitest";
import { sorted } from "../vite-site-files";

test("the worker keeps the page and its parts at once, engines when they are used, and never models or settings", () => {
  const paths = [
    ".vite/manifest.json",
    "assets/grid-Bbd1O3vx.js",
    "assets/ort-wasm-simd-threaded-DcHrbrbl.wasm",
    "assets/ort.jspi.bundle.min-2s50uCes.js",
    "assets/pdf.worker-CkAa9H-G.js",
    "assets/webllm-B7gCxb8c.js",
    "embed-demo.html",
    "embed/microgrid.js",
    "help/api.html",
    "icons/icon.svg",
    "index.html",
    "microgrid.config.json",
    "models/guide/config.json",
    "screenshots/wide.png",
    "site-worker.js",
    "theme.js",
  ];
  expect(sorted(paths)).toEqual({
    first: ["assets/grid-Bbd1O3vx.js", "icons/icon.svg", "", "theme.js"],
    later: [
      "assets/ort-wasm-simd-threaded-DcHrbrbl.wasm",
      "assets/ort.jspi.bundle.min-2s50uCes.js",
      "assets/pdf.worker-CkAa9H-G.js",
      "assets/webllm-B7gCxb8c.js",
      "help/api.html",
    ],
  });
});
