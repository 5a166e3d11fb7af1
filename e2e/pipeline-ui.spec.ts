/** A model that runs over several devices, as users see it: consent, the plan as a picture, forming, closing. */
import golden from "./fixtures/golden.json" with { type: "json" };
import { expect, shot, test } from "./harness";
import { ChatPage, GUIDE_NAME, PipelineView, setSwitch } from "./pages";

const ITEM = golden.items.find(({ completion }) => completion.includes("Tokyo"))!;
const PHONE = { viewport: { width: 390, height: 844 } };

test("three users agree, form a pipeline by clicking, chat with it, and close it", async ({ openSite }) => {
  const anna = await openSite({ name: "anna" });
  const annas = new ChatPage(anna.page);
  await annas.ready();
  const invite = await annas.room.create("Kitchen table", { share: false });
  await anna.page.getByRole("button", { name: "Close panel" }).click();
  await annas.models.open();
  await annas.models.unload(GUIDE_NAME);
  await annas.models.close();

  // Ben gives memory in the settings, without being asked.
  const ben = await openSite({ name: "ben", url: invite });
  const bens = { chat: new ChatPage(ben.page), pipelines: new PipelineView(ben.page) };
  await bens.chat.room.join("Ben");
  await bens.chat.room.share(true);
  await bens.pipelines.giveLayers();
  // Ben does not share the whole model, because the router would rightly prefer one device to three.
  await setSwitch(ben.page.getByRole("switch", { name: GUIDE_NAME }), false);
  await shot(ben, "pipeline-share");

  // Cara is asked only once, when Anna plans.
  const cara = await openSite({ name: "cara", url: invite, context: PHONE });
  const caras = { chat: new ChatPage(cara.page), pipelines: new PipelineView(cara.page) };
  await caras.chat.room.join("Cara");
  const pipelines = new PipelineView(anna.page);
  await expect(annas.room.button).toHaveAccessibleName(/3 here/);
  await annas.models.open();
  await pipelines.plan(GUIDE_NAME);
  await expect(pipelines.leftOut.filter({ hasText: "Cara" })).toHaveCount(1);
  await shot(anna, "pipeline-plan-consent");
  await cara.page.getByRole("button", { name: "Show", exact: true }).click();
  const allow = cara.page.getByRole("button", { name: "Allow in this room" });
  await expect(allow).toBeVisible();
  await shot(cara, "pipeline-consent-phone");
  await allow.click();
  await expect(allow).toBeHidden();

  await pipelines.devices.selectOption("3");
  await pipelines.planned();
  await expect(pipelines.stops.filter({ hasText: "Cara" })).toHaveCount(1);
  await expect(pipelines.stops.filter({ hasText: "Ben" })).toHaveCount(1);
  await shot(anna, "pipeline-plan");
  await pipelines.form.click();
  const done = anna.page.getByRole("button", { name: "Back to chat" });
  await expect(done).toBeVisible();
  await shot(anna, "pipeline-ready");
  await done.click();

  await expect(annas.model).toHaveAccessibleName(`Model: ${GUIDE_NAME}, 3 devices`);
  expect(await annas.chat(ITEM.messages.at(-1)!.content)).toContain("Tokyo");
  await expect(annas.origin()).toContainText("On 3 devices together");
  await bens.chat.room.open();
  await expect(bens.pipelines.holding).toContainText(`of ${GUIDE_NAME} for`);
  await caras.chat.room.open();
  await expect(caras.pipelines.holding).toHaveCount(1);
  await shot(cara, "pipeline-holding-phone");
  await annas.room.open();
  await expect(pipelines.running).toContainText("on 3 devices");
  await shot(anna, "pipeline-running");

  await pipelines.close(GUIDE_NAME);
  await expect(pipelines.running).toBeHidden();
  await expect(bens.pipelines.holding).toHaveCount(0);
  await expect(caras.pipelines.holding).toHaveCount(0);
});
