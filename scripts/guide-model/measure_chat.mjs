/**
 * Measures how the model answers first questions and a whole chat: each question of chat_questions.txt alone, then chats
 * of ten of them in random orders. Prints a table.
 * Usage: node measure_chat.mjs ../../public/models/guide [CHATS=20] [SEED=1] [--show]
 */
import { readFileSync } from "node:fs";
import { loadModel } from "./ort.mjs";

const TURNS = 10;
const [dir, chats = "20", seed = "1"] = process.argv.slice(2).filter((argument) => argument !== "--show");
const show = process.argv.includes("--show");
const file = (name) => readFileSync(new URL(name, import.meta.url), "utf8").replaceAll("{APP}", "Microgrid");
const INTENTS = ["app", "more", "extra", "outside"].map((part) => file(`intents_${part}.txt`)).join("\n");

const answers = new Map();
let topic = "";
for (const line of INTENTS.split("\n")) {
  if (line.startsWith("@")) topic = line.slice(1).trim();
  if (line.startsWith("=")) answers.set(topic, [...(answers.get(topic) ?? []), line.slice(1).trim()]);
}
const stories = file("stories.txt").split(/^(?:poem|story)\|.*\n/mu).map((text) => text.trim());
const known = new Set([...[...answers.values()].flat(), ...stories]);

const questions = file("chat_questions.txt")
  .split("\n")
  .filter((line) => line.includes(" | ") && !line.startsWith("#"))
  .map((line) => {
    const [question, expected] = line.split(" | ");
    if (!expected.startsWith("="))
      return { question, expected: expected.split(", ").flatMap((name) => answers.get(name)) };
    const text = expected.slice(1).trim();
    return { question, expected: [stories.find((story) => story.startsWith(text)) ?? text] };
  });

/** How good an answer is. Only an answer of the topic and an honest refusal are coherent. */
function kindOf(answer, { expected }) {
  if (expected.includes(answer)) return "of the topic";
  if (answer.includes("bigger model") && known.has(answer)) return "honest refusal";
  return known.has(answer) ? "of another topic" : "garbled";
}

/** The same numbers for the same seed (mulberry32). */
function random(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const model = await loadModel(dir);
const counts = { first: {}, later: {} };

async function ask(messages, item, cache, where) {
  messages.push({ role: "user", content: item.question });
  const { answer } = await model.generate(model.encode(messages), { cache });
  const text = model.decode(answer);
  messages.push({ role: "assistant", content: text });
  const kind = kindOf(text, item);
  counts[where][kind] = (counts[where][kind] ?? 0) + 1;
  if (show && !["of the topic", "honest refusal"].includes(kind))
    console.log(`${where}, message ${messages.length}, ${kind}\n  > ${item.question}\n  ${text}`);
}

for (const item of questions) await ask([], item, model.newCache(), "first");
const next = random(Number(seed));
for (let chat = 0; chat < Number(chats); chat++) {
  const order = questions
    .map((item) => ({ item, key: next() }))
    .sort((a, b) => a.key - b.key)
    .slice(0, TURNS);
  const messages = [];
  const cache = model.newCache();
  for (const [turn, { item }] of order.entries()) {
    if (turn === 0) await ask(messages, item, cache, "first");
    else await ask(messages, item, cache, "later");
  }
}
for (const [where, kinds] of Object.entries(counts)) {
  const total = Object.values(kinds).reduce((sum, count) => sum + count, 0);
  const coherent = (kinds["of the topic"] ?? 0) + (kinds["honest refusal"] ?? 0);
  console.log(`${where} questions: ${coherent} of ${total} coherent (${Math.round((100 * coherent) / total)}%)`, kinds);
}
