/** Content types of what the site consists of. */

/** @type {Record<string, string>} */
const TYPES = {
  css: "text/css; charset=utf-8",
  gguf: "application/octet-stream",
  html: "text/html; charset=utf-8",
  ico: "image/x-icon",
  jinja: "text/plain; charset=utf-8",
  jpg: "image/jpeg",
  js: "text/javascript; charset=utf-8",
  json: "application/json; charset=utf-8",
  map: "application/json; charset=utf-8",
  md: "text/markdown; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  onnx: "application/octet-stream",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  wasm: "application/wasm",
  webmanifest: "application/manifest+json",
  webp: "image/webp",
  woff2: "font/woff2",
};

/** Types that compression makes smaller; weights and images are dense already. */
const COMPRESSIBLE = /^(text\/|application\/(json|wasm|manifest)|image\/svg)/;

/**
 * @param {string} path
 * @returns {string} the content type by the path's ending; bytes where it is unknown
 */
export function contentType(path) {
  return TYPES[path.slice(path.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream";
}

/** @param {string} type */
export function isCompressible(type) {
  return COMPRESSIBLE.test(type);
}
