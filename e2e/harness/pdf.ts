/** PDF files of a few hundred bytes, with one page. */

/** A PDF that shows `text`; `trailer` is added to its trailer. */
export function makePdf(text: string, trailer = ""): Buffer {
  const content = text === "" ? "" : `BT /F 24 Tf 20 100 Td (${text}) Tj ET`;
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
    `<</Length ${content.length}>>stream\n${content}\nendstream`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
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
