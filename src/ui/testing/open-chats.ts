/** Chats of a page with a scripted model, for tests of conversations. */
import { ConversationStore } from "../../grid";
import { Answers } from "../state/answers";
import { Chats } from "../state/chats";
import type { Toast } from "../state/panels";
import { ScriptedModel, settle, stubBrowser } from "./scripted-model";

/** A short message that the page has shown. */
export interface ShownToast {
  readonly text: string;
  readonly action: Toast["action"];
}

interface OpenedChats {
  readonly store: ConversationStore;
  readonly model: ScriptedModel;
  readonly chats: Chats;
  readonly toasts: ShownToast[];
  /** The page as it is after a reload: all that is left is in the store. */
  openPage(): Chats;
}

/** Opens a page without conversations. `page` stands for its address. */
export async function openChats(page: { hash: string }): Promise<OpenedChats> {
  stubBrowser(page);
  page.hash = "";
  const toasts: ShownToast[] = [];
  const store = await ConversationStore.open();
  const model = new ScriptedModel();
  const toast = (text: string, action?: Toast["action"]): void => void toasts.push({ text, action });
  const openPage = (): Chats =>
    new Chats({ store, answers: new Answers(store, model.find), lastModel: () => "guide", toast });
  return { store, model, toasts, openPage, chats: openPage() };
}

/** Sends a message and has it answered. */
export async function exchange(chats: Chats, model: ScriptedModel, question: string, answer: string): Promise<void> {
  const sent = chats.send(question);
  await settle();
  await model.say(answer);
  await model.end();
  await sent;
}
