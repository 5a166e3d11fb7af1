/** Registers the view of a question under the page's name; it is loaded after the first paint, which shows no question. */
import { QuestionView } from "./question-view";

customElements.define("mg-question", QuestionView);
