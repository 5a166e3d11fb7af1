/** Registers the views of the chat that the page shares with the embedded element, under the page's names. */
import { AnswerView } from "./answer-view";
import { AttachingComposer } from "./attaching-composer";

customElements.define("mg-answer", AnswerView);
customElements.define("mg-composer", AttachingComposer);
