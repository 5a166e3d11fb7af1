/** Loads the question before a room, with the texts that the page asks it in. */
import type { ReactiveControllerHost } from "lit";
import { type ConsentTexts, loadConsent } from "../ui/parts";
import type * as RoomQuestion from "./room-question";

/** The question before a room, with its texts. */
type Question = typeof RoomQuestion & { readonly texts: ConsentTexts };
let question: Question | undefined;
let loadingQuestion: Promise<Question> | undefined;

/** The view of the question before a room; undefined until it is loaded, after which `host` is rendered again. */
export function roomQuestion(host: ReactiveControllerHost): Question | undefined {
  if (question) return question;
  loadingQuestion ??= Promise.all([import("./room-question"), loadConsent()]).then(([view, texts]) => ({
    ...view,
    texts,
  }));
  loadingQuestion.then(
    (loaded) => {
      question = loaded;
      host.requestUpdate();
    },
    // The next change of the element tries again.
    () => (loadingQuestion = undefined),
  );
  return undefined;
}
