import { type FormEvent, useState } from "react";
import { opening } from "./grid";

export function App() {
  const [question, setQuestion] = useState("What is the capital of Japan?");
  const [answer, setAnswer] = useState("");
  const [people, setPeople] = useState(0);

  async function ask(event: FormEvent) {
    event.preventDefault();
    setAnswer("");
    const grid = await opening;
    await grid.models.load("guide");
    const stream = await grid.chat.completions.create({
      model: "guide",
      messages: [{ role: "user", content: question }],
      stream: true,
    });
    for await (const chunk of stream) setAnswer((before) => before + (chunk.choices[0]?.delta.content ?? ""));
  }

  return (
    <>
      <h1>Microgrid in React</h1>

      <h2>Elements</h2>
      <microgrid-chat />
      <microgrid-room openable onmicrogrid-peer-change={({ detail }) => setPeople(detail.peers.length)} />
      <p>Others in the room: {people}</p>

      <h2>Grid</h2>
      <form onSubmit={ask}>
        <label>
          Question <input value={question} onChange={(event) => setQuestion(event.target.value)} />
        </label>
        <button>Ask</button>
      </form>
      <p>
        <output>{answer}</output>
      </p>
    </>
  );
}
