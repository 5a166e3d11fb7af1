import { Grid } from "microgrid";
import { shareGrid } from "microgrid/elements";

/** The grid of this page, which its elements use too. */
export const opening = Grid.open();
shareGrid(() => opening);

/** The answer to a question, piece by piece. */
export async function* answer(question) {
  const grid = await opening;
  await grid.models.load("guide");
  const stream = await grid.chat.completions.create({
    model: "guide",
    messages: [{ role: "user", content: question }],
    stream: true,
  });
  for await (const chunk of stream) yield chunk.choices[0]?.delta.content ?? "";
}
