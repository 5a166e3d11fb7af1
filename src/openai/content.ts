/** The content of messages: a text, or parts of it. */

/** A part of a message that is text. A refusal is the model's answer, too. */
type Part = { readonly type: "refusal"; readonly refusal: string } | { readonly type: string; readonly text: string };

/** The whole text of a message. */
export function contentText(content: string | readonly Part[]): string {
  if (typeof content === "string") return content;
  return content.map((part) => ("refusal" in part ? part.refusal : part.text)).join("");
}
