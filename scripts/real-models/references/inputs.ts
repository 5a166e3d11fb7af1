/** The inputs of the goldens: texts to tokenize, questions, and a conversation. */
import type { RealModelId } from "../download.mjs";

const SAMPLES = [
  ..."Hello, world!|The quick brown fox jumps over the lazy dog.|It's we're I'll they've he'd I'm don't".split("|"),
  ..."IT'S WE'RE|naïve café déjà vu|Straße|Œuvre|ÀÉÎÕÜ|ﬁ ﬂ ligatures|e\u0301 combining|Ångström Å Å".split("|"),
  ..."Привет, мир|Γειά σου Κόσμε|שלום עולם|مرحبا بالعالم|नमस्ते दुनिया|สวัสดีชาวโลก|こんにちは世界|你好，世界".split("|"),
  ..."안녕하세요 세계|გამარჯობა|Բարև|ሰላም|ສະບາຍດີ|မင်္ဂလာပါ|ᚠᛇᚻ|𐍈𐌰𐌹|𝔘𝔫𝔦𝔠𝔬𝔡𝔢|𒀀𒁀".split("|"),
  ..."😀|👍🏽|👨‍👩‍👧‍👦|🇩🇪🇫🇷|☃️|🏳️‍🌈|1️⃣2️⃣|♥|→←↑↓|∑∫√∞≈≠|½¾⅔|²³¹|Ⅷ ⅳ|①②③|٠١٢٣|०१२|𝟘𝟙𝟚".split("|"),
  ..."0|7|42|007|1234567890|3.14159|1,000,000|1e-10|0xDEADBEEF|2026-11-30T05:36:00Z|+49 (0)30 123456|192.168.0.1".split(
    "|",
  ),
  ..."https://example.org/a?b=c&d=%20#e|user@example.org|C:\\Users\\me|/usr/local/bin|$HOME/.config|#hashtag @name".split(
    "|",
  ),
  ..."def f(x):\n    return x ** 2|if (a && !b) { c += d[0]; }|<div class=\"x\">y</div>|SELECT * FROM t WHERE a = 'b';".split(
    "|",
  ),
  ...'{"a": [1, 2.5, null]}|#include <stdio.h>\r\nint main(){}|\\frac{a}{b}|a->b::c|x=>x+1|`code`|```js\nlet a;\n```'.split(
    "|",
  ),
  ..."|\\begin{x}|-----|=====|.....|!!!???|((((|]]]]|''''|\"\"\"|''s 's|a's's|' s|'S 'LL".split("|"),
  ...[
    "",
    " ",
    "  ",
    "   ",
    "\n",
    "\n\n",
    "\n \n",
    "\t",
    "\t\t",
    " \t ",
    "\r",
    "\r\n",
    "\u00a0",
    "\u2003",
    "\u3000",
    "\u200b",
  ],
  ...["\u0000", "\u0001\u0002", "\u001b[31m", "\u007f", "\u0085", "\ufeff", "\u200d", "\u202e", "\ufffd", "\u{10ffff}"],
  ...["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|im_start|>user\nhi<|im_end|>", "<|im_end", "|im_end|>"],
  ...[
    "<|IM_END|>",
    "< |im_end|>",
    "<|im_end|><|im_end|>",
    "a<|im_end|>b",
    " <|im_end|> ",
    "<repo_name>",
    "<empty_output>",
  ],
  ...[
    "<repo_name",
    "<file_sep>x",
    "<|assistant|>",
    "</s>",
    "<s>",
    "[INST]",
    "<unk>",
    "<pad>",
    "<0x0A>",
    "Ġ",
    "Ċ",
    "âĢĻ",
    "Ġthe",
  ],
] as const;

/** Awkward texts: the samples alone, between spaces, side by side, and a few long ones. Always the same. */
export function awkwardTexts(count: number): string[] {
  const texts = new Set<string>(SAMPLES);
  for (const sample of SAMPLES) texts.add(` ${sample}`).add(`${sample} `);
  const long = [
    "word ".repeat(300),
    "a".repeat(600),
    "1".repeat(200),
    " ".repeat(130),
    "\n".repeat(70),
    "é".repeat(100),
  ];
  for (const text of [...long, "😀".repeat(60), "你好".repeat(80), "ab\tcd\r\n".repeat(50)]) texts.add(text);
  for (let at = 0; texts.size < count; at++) {
    const pick = (step: number): string => SAMPLES[(at * step + 11) % SAMPLES.length]!;
    texts.add(pick(7) + pick(13)).add(`${pick(5)}\n${pick(17)} ${pick(3)}`);
  }
  return [...texts].slice(-count);
}

/** More questions than are needed, one a line: those whose answer hangs by a hair are left out. */
const QUESTIONS = `
What is the capital of France?
Say hello.
Name a color.
What is 2+2?
Write one word.
Who wrote Hamlet?
What do cows drink?
Translate "cat" to Spanish.
Is the sky blue?
Count to five.
What is the opposite of hot?
Name a planet.
What language do people speak in Brazil?
Finish: Roses are red,
What is H2O?
Give me a fruit.
How many legs does a spider have?
What year did World War II end?
Who painted the Mona Lisa?
Name a dog breed.
What is the largest ocean?
What is the boiling point of water?
Spell "apple".
Name a programming language.
What is gravity?
Who was Einstein?
What is the capital of Japan?
What is the sun?
Define "browser".
What is a CPU?
Name an animal that flies.
What comes after Monday?
What is ice?
How do you say thank you in French?
What is pi?
Write a haiku.
Tell me a joke.
What is the tallest mountain?
Name a musical instrument.
What is Python?
What is a triangle?
What is the capital of Italy?
What is a verb?
How many days are in a week?
What is rain?
What do bees make?
What is bread made of?
Where do penguins live?
What is an atom?
What is a piano?
What is DNA?
Name a country in Africa.
What is the moon?
What is the speed of light?
What is 10 minus 3?
What is a poem?
Who discovered America?
What is a noun?
What is the capital of Spain?
What is sugar?
`
  .trim()
  .split("\n");

/** Tokens of the longest answer in the conversation. */
export const TURN_TOKENS = 8;

/** The part of a person in a conversation of ten turns. */
const TURNS = [
  "Hi, my name is Ada.",
  "What is the capital of Italy?",
  "And of Japan?",
  "Name one fruit.",
  "And one vegetable?",
  "What is 2+2?",
  "Say hello in Spanish.",
  "What color is the sky?",
  "How many legs does a cat have?",
  "Goodbye!",
];

/** Beginnings of texts for a base model. */
const BEGINNINGS = `
The capital of France is
Once upon a time, there was a little
Water boils at a temperature of
The first president of the United States was
One, two, three, four, five,
def add(a, b):\\n    return
The opposite of hot is
In 1969, the first human
Berlin ist die Hauptstadt von
The sun rises in the
Roses are red, violets are
Monday, Tuesday, Wednesday,
La capital de España es
The chemical symbol for water is
A spider has eight
The largest planet in our solar system is
`
  .trim()
  .split("\n")
  .map((line) => line.replaceAll("\\n", "\n"));

/** More tokens than the window of Gemma's layers has. */
const LONG_BEGINNING = Array.from({ length: 80 }, (_, at) => `${at + 1} times 3 is ${3 * (at + 1)}.`).join(" ");

/** Questions for a model, and how its answers are kept. */
interface Inputs {
  readonly questions: readonly string[];
  /** Answers that are kept. */
  readonly answers: number;
  /** Tokens of the longest answers, and of those whose probabilities are kept. */
  readonly answerTokens: number;
  readonly detailedTokens: number;
  readonly turns: readonly string[];
  /** Texts that the reference cuts otherwise than the file says. */
  readonly leftOut?: RegExp;
  /** Answers in which the two best tokens are closer hang by a hair: rounding would decide them. */
  readonly leastMargin: number;
  /** Largest difference of log probabilities between two runtimes. */
  readonly tolerance: number;
}

/** By the model. */
export const INPUTS: Readonly<Record<RealModelId, Inputs>> = {
  "smollm2-135m": {
    ...{ questions: QUESTIONS, answers: 50, answerTokens: 12, detailedTokens: 20, turns: TURNS },
    ...{ leastMargin: 0.02, tolerance: 2e-3 },
  },
  // llama.cpp looks up GELU in a table of 16-bit numbers, and takes `</s>`, which strikes text through, for an end token.
  "gemma3-270m": {
    ...{ questions: [LONG_BEGINNING, ...BEGINNINGS], answers: 11, answerTokens: 8, detailedTokens: 8, turns: [] },
    ...{ leastMargin: 0.05, tolerance: 2e-2, leftOut: /<\/s>/ },
  },
};
