/** The rule that measures the guide: it counts only whole answers of the right topic, and refusals only where one is due. */
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { judge, readQuestions, topicOf, topics } from "../guide-model/judge.mjs";

const FOLDER = "scripts/guide-model";
const read = (name: string): string => readFileSync(`${FOLDER}/${name}`, "utf8");

const questions = readQuestions();
const REFUSAL = "I am only the small demo, so I don't know that. Please choose a bigger model and ask again.";

function ask(question: string): (typeof questions)[number] {
  const found = questions.find((item) => item.question === question);
  if (!found) throw new Error(`chat_questions.txt does not ask “${question}”`);
  return found;
}

describe("the questions", () => {
  it("are asked once each, in six blocks", () => {
    expect(new Set(questions.map(({ question }) => question.toLowerCase())).size).toBe(questions.length);
    expect([...new Set(questions.map(({ block }) => block))]).toEqual([
      "starters",
      "reported",
      "held out",
      "unseen",
      "clean",
      "fresh",
    ]);
    expect(questions.filter(({ block }) => block === "held out").length).toBeGreaterThanOrEqual(50);
  });

  it("must name topics that exist, and key words that their answers have", () => {
    expect(() => readQuestions("What is a room? | room_what | group of devices")).not.toThrow();
    expect(() => readQuestions("What is a room? | room_wat | group of devices")).toThrow("What is a room?");
    expect(() => readQuestions("What is a room? | room_what, room_wat | group of devices")).toThrow("What is a room?");
    expect(() => readQuestions("What is a room? | room_what | Oslo")).toThrow("What is a room?");
    expect(() => readQuestions("What is a room? | room_what")).toThrow("What is a room?");
  });
});

describe("the training text", () => {
  const wordings = readdirSync(FOLDER).filter((name) => name.startsWith("wordings_"));

  it.each(wordings)("gives no wordings for a topic that does not exist, in %s", (name) => {
    const named = Array.from(read(name).matchAll(/^@(\w+)/gmu), ([, topic = ""]) => topic);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((topic) => !topics.has(topic))).toEqual([]);
  });

  it("gives no follow-up questions for a topic that does not exist", () => {
    const rules = Array.from(read("followups.txt").matchAll(/^(\w.*?) > (\w+):/gmu), ([, before = "", next = ""]) => [
      ...before.split(", "),
      next,
    ]);
    expect(rules.length).toBeGreaterThan(0);
    expect(rules.flat().filter((topic) => !topics.has(topic))).toEqual([]);
  });

  it("has none of the clean and fresh questions word for word", () => {
    const text = [...wordings, "more_questions.txt", "followups.txt"].map(read).join("\n");
    const sentences = new Set(text.toLowerCase().split(/ ;; |\||\n\? |\n/u));
    const kept = questions.filter(({ block }) => block === "clean" || block === "fresh");
    const clean = kept.map(({ question }) => question.toLowerCase());
    expect(
      clean.filter((question) => sentences.has(question) || sentences.has(question.replace(/[!.?]+$/u, ""))),
    ).toEqual([]);
  });
});

describe("an answer", () => {
  it("is right if it is a whole answer of the topic", () => {
    const storage = ask("Where are my conversations stored?");
    const [whole = ""] = storage.expected;
    expect(judge(whole, storage)).toBe("right");
    expect(judge(whole.slice(0, -10), storage)).toBe("garbled");
    expect(judge(`${whole} ${whole}`, storage)).toBe("garbled");
    expect(judge("", storage)).toBe("garbled");
  });

  it("is right if it is the whole story that the question asks for", () => {
    const story = ask("Tell me a story about a robot");
    const [whole = ""] = story.expected;
    expect(whole).toMatch(/^Pico was a little robot .*"but I was here\."$/su);
    expect(judge(whole, story)).toBe("right");
    expect(judge("Pico was a little robot who lived on a windowsill.", story)).toBe("garbled");
  });

  it("is not right if it belongs to a neighbouring topic, even with the words of the question", () => {
    const [everything = ""] = ask("How do I delete all my data?").expected;
    expect(judge(everything, ask("How do I get rid of a downloaded model?"))).toBe("another topic");
    expect(judge("The capital of Norway is Rome.", ask("What is the capital city of Norway?"))).toBe("another topic");
  });

  it("may be a refusal only where one is due", () => {
    expect(judge(REFUSAL, ask("How do I repair my bicycle?"))).toBe("right");
    expect(judge(REFUSAL, ask("Why is the model so slow?"))).toBe("declined");
  });

  it("is no refusal because it names a bigger model", () => {
    const [skills = ""] = ask("What can you do?").expected;
    expect(skills).toContain("bigger model");
    expect(topicOf(skills)).toBe("app_help");
    expect(judge(skills, ask("How do I repair my bicycle?"))).toBe("another topic");
  });
});
