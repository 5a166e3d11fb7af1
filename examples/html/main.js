import { Grid } from "microgrid";
import { shareGrid } from "microgrid/elements";

const opening = Grid.open();
// The elements and this code use one grid.
shareGrid(() => opening);

document.addEventListener("microgrid-peer-change", ({ detail }) => {
  document.querySelector("#people").textContent = detail.peers.length;
});

document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const output = document.querySelector("output");
  output.value = "";
  const grid = await opening;
  await grid.models.load("guide");
  const stream = await grid.chat.completions.create({
    model: "guide",
    messages: [{ role: "user", content: event.target.question.value }],
    stream: true,
  });
  for await (const chunk of stream) output.value += chunk.choices[0]?.delta.content ?? "";
});
