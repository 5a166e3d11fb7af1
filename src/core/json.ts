/** JSON as model repositories contain it. */

/**
 * Parses JSON as Python's `json` module writes it: `NaN` and `Infinity` are allowed, and a byte order mark may come
 * first. `NaN` becomes null. Throws `SyntaxError` like `JSON.parse`.
 */
export function parsePythonJson(text: string): unknown {
  const plain = text.replace(/^\ufeff/, "");
  try {
    return JSON.parse(plain) as unknown;
  } catch (error) {
    // Texts are matched too, so that these words stay as they are inside them.
    const standard = plain.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\bInfinity\b|\bNaN\b/gs, (token) => {
      if (token.startsWith('"')) return token;
      return token === "NaN" ? "null" : token.replace("Infinity", "1e999");
    });
    if (standard === plain) throw error;
    return JSON.parse(standard) as unknown;
  }
}
