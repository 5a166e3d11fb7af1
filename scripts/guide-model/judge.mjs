/** Judges the answers of the guide: word for word against the texts it learned, and by key words of the question. */
import { readFileSync } from "node:fs";

/**
 * A question of chat_questions.txt, clean_questions.txt or fresh_questions.txt. `expected` are the answers that count, `refusal` says whether it is one to decline, and
 * `block` is the heading that it stands under.
 * @typedef {{ block: string, question: string, expected: readonly string[], refusal: boolean }} Question
 */

/** @param {string} name */
const file = (name) => readFileSync(new URL(name, import.meta.url), "utf8").replaceAll("{APP}", "Microgrid");

/**
 * The answers of each topic. Poems and stories are topics of their own, named by their first line.
 * @returns {Map<string, string[]>}
 */
function readTopics() {
  /** @type {Map<string, string[]>} */
  const topics = new Map();
  let topic = "";
  for (const line of ["app", "more", "extra", "outside"].flatMap((part) => file(`intents_${part}.txt`).split("\n"))) {
    if (line.startsWith("@")) topic = line.slice(1).trim();
    if (line.startsWith("=")) topics.set(topic, [...(topics.get(topic) ?? []), line.slice(1).trim()]);
  }
  for (const text of file("stories.txt").split(/^(?:poem|story)\|.*\n/mu)) {
    const [first] = text.split("\n");
    if (first !== "") topics.set(first, [text.trim()]);
  }
  return topics;
}

/** The answers of each topic. */
export const topics = readTopics();

/**
 * The questions of `text`, by default those of all three files. Throws if a question names an unknown topic, or if one of
 * the expected answers has none of the question's key words: then either of the two is wrong.
 * @returns {Question[]}
 */
export function readQuestions(text = ["chat", "clean", "fresh"].map((name) => file(`${name}_questions.txt`)).join("")) {
  let block = "";
  const questions = [];
  for (const line of text.split("\n")) {
    block = /^# (starters|reported|held out|unseen|clean|fresh)/u.exec(line)?.[1] ?? block;
    if (line.startsWith("#") || !line.includes(" | ")) continue;
    const [question, names = "", keys = ""] = line.split(" | ");
    const expected = names.startsWith("= ")
      ? [[...topics.values()].flat().find((answer) => answer.startsWith(names.slice(2))) ?? names.slice(2)]
      : names.split(", ").flatMap((name) => topics.get(name) ?? [""]);
    const words = keys.toLowerCase().split("/").filter((word) => word !== "");
    if (!expected.every((answer) => words.some((word) => answer.toLowerCase().includes(word))))
      throw new Error(`“${question}”: a topic is unknown, or one of its answers has no key word.`);
    questions.push({ block, question, expected, refusal: names.startsWith("out_") });
  }
  return questions;
}

/**
 * The topic that `answer` is the whole text of, or undefined.
 * @param {string} answer
 */
export function topicOf(answer) {
  if (/^The capital of [^.]+ is [\w ,.]+\.$/u.test(answer)) return "capital";
  return [...topics].find(([, answers]) => answers.includes(answer))?.[0];
}

/**
 * “right” is a whole answer of the topic or, where the guide has to decline, any of its general refusals. Everything else
 * is wrong: “declined” is a refusal of a question that it should answer, “garbled” a text that it never learned.
 * @param {string} answer
 * @param {Pick<Question, "expected" | "refusal">} question
 */
export function judge(answer, { expected, refusal }) {
  if (expected.includes(answer)) return "right";
  if (refusal && topics.get("out_world")?.includes(answer)) return "right";
  const topic = topicOf(answer);
  if (topic === undefined) return "garbled";
  return topic.startsWith("out_") ? "declined" : "another topic";
}
