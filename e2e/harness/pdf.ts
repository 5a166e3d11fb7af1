/** PDF files of a few hundred bytes, with one page. */

/** A font that every reader has. */
const HELVETICA = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>";
/** A Japanese font that is not in the file, whose characters only the map that it names can tell. */
const MINCHO = `<</Type/Font/Subtype/Type0/BaseFont/Ryumin-Light/Encoding/90ms-RKSJ-H/DescendantFonts[<</Type/Font
/Subtype/CIDFontType0/BaseFont/Ryumin-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 2>>
/FontDescriptor<</Type/FontDescriptor/FontName/Ryumin-Light/Flags 4/ItalicAngle 0/Ascent 723/Descent -241/StemV 69
/CapHeight 709/FontBBox[-170 -331 1024 903]>>/DW 1000>>]>>`;

/** A PDF that shows text in Japanese: its bytes in Shift JIS, in hexadecimal digits. */
export function makeJapanesePdf(shiftJis: string): Buffer {
  return writePdf(`BT /F 24 Tf 20 100 Td <${shiftJis}> Tj ET`, MINCHO);
}

/** A PDF that shows `text`; `trailer` is added to its trailer. */
export function makePdf(text: string, trailer = ""): Buffer {
  return writePdf(text === "" ? "" : `BT /F 24 Tf 20 100 Td (${text}) Tj ET`, HELVETICA, trailer);
}

function writePdf(content: string, font: string, trailer = ""): Buffer {
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
    `<</Length ${content.length}>>stream\n${content}\nendstream`,
    font,
  ];
  let file = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, "0")} 00000 n \n`;
  });
  const size = objects.length + 1;
  const table = `xref\n0 ${size}\n0000000000 65535 f \n${offsets.join("")}`;
  return Buffer.from(`${file}${table}trailer<</Size ${size}/Root 1 0 R${trailer}>>\nstartxref\n${file.length}\n%%EOF`);
}

/** A PDF that cannot be opened without a password. */
export function makeLockedPdf(): Buffer {
  const secret = `(${"x".repeat(32)})`;
  return makePdf("Secret", `/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/O${secret}/U${secret}/P -4/Length 40>>`);
}
