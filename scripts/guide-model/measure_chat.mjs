/**
 * Measures how the model answers first questions and a whole chat: each question that judge.mjs reads alone, then chats of ten in
 * random orders, out of all questions and out of the starters and the held-out ones. Prints tables, and writes with --write what
 * came for each question.
 * Usage: node measure_chat.mjs ../../public/models/guide [CHATS=20] [SEED=1] [--write FILE]
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { judge, readQuestions, topicOf } from "./judge.mjs";
import { loadModel } from "./ort.mjs";

const TURNS = 10;
const { values, positionals } = parseArgs({ allowPositionals: true, options: { write: { type: "string" } } });
const [dir, chats = "20", seed = "1"] = positionals;
const questions = readQuestions();

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
const asked = [];

async function ask(messages, item, cache, turn) {
  messages.push({ role: "user", content: item.question });
  const { answer } = await model.generate(model.encode(messages), { cache });
  const text = model.decode(answer);
  messages.push({ role: "assistant", content: text });
  const verdict = judge(text, item);
  asked.push({ ...item, turn, text, verdict });
  return verdict === "right";
}

/** Asks `chats` times ten of `some` in one chat, and prints how many chats had right answers only. */
async function chatAbout(name, some) {
  const next = random(Number(seed));
  let whole = 0;
  for (let chat = 0; chat < Number(chats); chat++) {
    const order = some
      .map((item) => ({ item, key: next() }))
      .sort((a, b) => a.key - b.key)
      .slice(0, TURNS);
    const messages = [];
    const cache = model.newCache();
    let right = 0;
    for (const [index, { item }] of order.entries()) right += (await ask(messages, item, cache, index + 1)) ? 1 : 0;
    whole += right === TURNS ? 1 : 0;
  }
  console.log(`chats with ${TURNS} right answers, out of ${name}: ${whole} of ${chats}`);
}

for (const item of questions) await ask([], item, model.newCache(), 1);
await chatAbout("all questions", questions);
await chatAbout("starters and held out", questions.filter(({ block }) => ["starters", "held out"].includes(block)));

function tally(name, some) {
  const counts = {};
  for (const { verdict } of some) counts[verdict] = (counts[verdict] ?? 0) + 1;
  const right = counts.right ?? 0;
  console.log(`${name}: ${right} of ${some.length} right (${Math.round((100 * right) / some.length)}%)`, counts);
}

for (const block of new Set(questions.map((item) => item.block))) {
  const of = asked.filter((item) => item.block === block);
  tally(`${block}, first`, of.filter(({ turn }) => turn === 1));
  tally(`${block}, later`, of.filter(({ turn }) => turn > 1));
}
tally("all, first", asked.filter(({ turn }) => turn === 1));
tally("all, later", asked.filter(({ turn }) => turn > 1));

if (values.write !== undefined) {
  const lines = asked.map(({ block, question, turn, text, verdict }) =>
    [verdict, block, turn, question, topicOf(text) ?? "-", text.replaceAll("\n", " / ")].join("\t"),
  );
  writeFileSync(values.write, `${["verdict", "block", "turn", "question", "topic", "answer"].join("\t")}\n${lines.join("\n")}\n`);
}
