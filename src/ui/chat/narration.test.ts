import { expect, test } from "vitest";
import type { StoredMessage } from "../../grid";
import { Narration } from "./narration";

const provider = { id: "ada", kind: "peer", name: "Ada’s laptop" } as const;
const answer = { model: "guide", routes: [{ provider }] } as unknown as NonNullable<StoredMessage["answer"]>;
const message = (content: string, more: Partial<StoredMessage> = {}): StoredMessage => ({
  id: "1",
  role: "assistant",
  content,
  createdAt: 0,
  status: "streaming",
  ...more,
});
const texts = (narration: Narration): string[] => narration.lines.map(({ text }) => text);

test("speaks whole sentences as they come, then the rest, and who answered", () => {
  const narration = new Narration();
  let content = "";
  const heard: string[] = [];
  for (const piece of ["The **sky** is", " blue.", " It is", " wide. ", "And", " far"]) {
    content += piece;
    narration.hear(message(content), piece);
    const last = texts(narration).at(-1);
    if (last !== undefined && last !== heard.at(-1)) heard.push(last);
  }
  expect(heard).toEqual(["The sky is blue.", "It is wide."]);
  narration.end(message(content, { status: "complete", answer }));
  expect(texts(narration).slice(-2)).toEqual(["And far", "“Ada’s laptop” answered."]);
});

test("does not repeat the text of an answer that is continued", () => {
  const narration = new Narration();
  narration.hear(message("It was told. And now"), " And now");
  narration.end(message("It was told. And now", { status: "interrupted", answer }));
  expect(texts(narration)).toEqual(["And now", "Answer stopped."]);
});

test("keeps few lines, and none of another conversation", () => {
  const narration = new Narration();
  for (const text of ["A. B", "A. B. C", "A. B. C. D", "A. B. C. D. E"]) narration.hear(message(text), "");
  expect(narration.lines.length).toBeLessThan(4);
  narration.clear();
  expect(narration.lines).toEqual([]);
});
