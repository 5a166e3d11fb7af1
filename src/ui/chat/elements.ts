/** Registers the views of the chat that the page shares with the embedded element, under the page's names. */
import { AnswerView } from "./answer-view";
import { Composer } from "./composer";
import { QuestionView } from "./question-view";

customElements.define("mg-answer", AnswerView);
customElements.define("mg-composer", Composer);
customElements.define("mg-question", QuestionView);
