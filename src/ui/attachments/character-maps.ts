/** The character maps that PDFs may name instead of bringing their own, as many with Chinese, Japanese or Korean text do. */

/** Their addresses on this site. Each map is fetched when a PDF needs it; all of them have 1.1 MB. */
const ADDRESSES = import.meta.glob<string>("/node_modules/pdfjs-dist/cmaps/*.bcmap", {
  query: "?url",
  import: "default",
  eager: true,
});

/** Gives PDF.js the maps that it asks for by name: its option `CMapReaderFactory`. */
export class CharacterMaps {
  /** Throws if there is no such map, or if it cannot be fetched. */
  async fetch({ name }: { readonly name: string }): Promise<{ cMapData: Uint8Array; isCompressed: true }> {
    const address = ADDRESSES[`/node_modules/pdfjs-dist/cmaps/${name}.bcmap`];
    if (address === undefined) throw new Error(`There is no character map “${name}”.`);
    const response = await fetch(address);
    if (!response.ok) throw new Error(`The character map “${name}” cannot be fetched (status ${response.status}).`);
    return { cMapData: new Uint8Array(await response.arrayBuffer()), isCompressed: true };
  }
}
