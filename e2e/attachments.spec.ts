/** Files that go along with a message. */
import type { Locator, Page } from "@playwright/test";
import { expect, makeJapanesePdf, makeLockedPdf, makePdf, shot, test } from "./harness";
import { ChatPage } from "./pages";

const PHONE = { width: 390, height: 844 };

interface GivenFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

const textFile = (name: string, text: string): GivenFile => ({
  name,
  mimeType: "text/plain",
  buffer: Buffer.from(text),
});
const pdfFile = (name: string, buffer: Buffer): GivenFile => ({ name, mimeType: "application/pdf", buffer });

async function choose(page: Page, ...files: GivenFile[]): Promise<void> {
  const opened = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Attach files" }).click();
  await (await opened).setFiles(files);
}

/** Gives files to an element as if they were dropped there, or pasted. */
async function give(target: Locator, type: "drop" | "paste", { name, mimeType, buffer }: GivenFile): Promise<void> {
  await target.evaluate(
    (element, file) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(file.bytes)], file.name, { type: file.mimeType }));
      const options = { bubbles: true, composed: true, cancelable: true };
      element.dispatchEvent(
        file.type === "drop"
          ? new DragEvent("drop", { ...options, dataTransfer: data })
          : new ClipboardEvent("paste", { ...options, clipboardData: data }),
      );
    },
    { type, name, mimeType, bytes: [...buffer] },
  );
}

test("text files and PDFs go along with a message, folded, and stay if it is too long", async ({ openSite }) => {
  const site = await openSite();
  const { page } = site;
  const chat = new ChatPage(page);
  await chat.ready();
  const chips = page.getByRole("list", { name: "Attached files" }).getByRole("listitem");
  await choose(
    page,
    textFile('my "notes".md', "The tower is red.\r\n```\ncode\n```\n"),
    textFile("long.txt", "word ".repeat(200_000)),
  );
  await give(chat.message, "paste", pdfFile("facts.pdf", makePdf("The tower has 333 metres.")));
  await expect(chips).toHaveCount(3);
  await expect(chips.filter({ hasText: "facts.pdf" })).toContainText("25 characters");
  await expect(chips.filter({ hasText: "notes" })).toContainText("30 characters");
  await chat.message.fill("What is the capital of Japan?");
  await shot(site, "attachments");
  await page.setViewportSize(PHONE);
  await page.emulateMedia({ colorScheme: "dark" });
  await shot(site, "attachments-phone-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 800 });

  await chat.message.press("Enter");
  await expect(page.getByRole("alert")).toHaveText(/This message has about \d{3},\d{3} tokens; .* at most 1,024/);
  await expect(chat.message).toHaveValue("What is the capital of Japan?");
  await expect(chips).toHaveCount(3);
  await page.getByRole("button", { name: "Remove long.txt" }).press("Enter");
  await expect(chips).toHaveCount(2);
  await expect(page.getByText("long.txt is removed.")).toBeAttached();
  await expect(chat.message).toBeFocused();

  await chat.message.press("Enter");
  await chat.finished();
  await expect(chips).toHaveCount(0);
  const question = chat.questions.last();
  const text = question.getByText("The tower has 333 metres.");
  await expect(question.getByText("What is the capital of Japan?")).toBeVisible();
  await expect(text).toBeHidden();
  await shot(site, "attachments-sent");
  await question.getByText("facts.pdf").click();
  await expect(text).toBeVisible();
  await shot(site, "attachments-open");
  await page.setViewportSize(PHONE);
  await page.emulateMedia({ colorScheme: "dark" });
  await shot(site, "attachments-open-phone-dark");
  await page.setViewportSize({ width: 1280, height: 800 });
  await expect(chat.conversations.items).toHaveText(["What is the capital of Japan?"]);

  await chat.edit(question, "What is the capital of France?");
  await chat.finished();
  await page.reload();
  await expect(chat.questions.last().getByText("What is the capital of France?")).toBeVisible();
  await expect(chat.questions.last().getByText('my "notes".md')).toBeVisible();
  await expect(chat.questions.last().getByText("facts.pdf")).toBeVisible();
});

test("a PDF whose characters only a map of the site can tell is read, and the map is fetched then", async ({
  openSite,
}) => {
  const { page } = await openSite();
  const chat = new ChatPage(page);
  await chat.ready();
  const maps: string[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith(".bcmap")) maps.push(new URL(request.url()).pathname.split("/").at(-1)!);
  });
  await give(chat.message, "paste", pdfFile("facts.pdf", makePdf("The tower has 333 metres.")));
  const chips = page.getByRole("list", { name: "Attached files" }).getByRole("listitem");
  await expect(chips.last()).toContainText("25 characters");
  expect(maps).toEqual([]);
  // “東京タワー”.
  await give(chat.message, "paste", pdfFile("tower.pdf", makeJapanesePdf("938C8B9E835E838F815B")));
  await expect(chips.last()).toContainText("5 characters");
  expect(maps.join(" ")).toMatch(/90ms-RKSJ-H.*\.bcmap .*Adobe-Japan1-UCS2.*\.bcmap/);
  await chat.chat("Hello!");
  await chat.questions.last().getByText("tower.pdf").click();
  await expect(chat.questions.last().getByText("東京タワー")).toBeVisible();
});

test("a file that cannot be read as text is refused in words", async ({ openSite }) => {
  const { page } = await openSite();
  const chat = new ChatPage(page);
  await chat.ready();
  const refusals: readonly (readonly [GivenFile, RegExp])[] = [
    [
      { name: "cat.png", mimeType: "image/png", buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1]) },
      /^Pictures cannot be read yet: attach a text file or a PDF\.$/,
    ],
    [{ name: "a.zip", mimeType: "application/zip", buffer: Buffer.from([0x50, 0x4b, 3, 4, 0]) }, /not a text file/],
    [textFile("empty.txt", " \n"), /“empty.txt” is empty/],
    [pdfFile("locked.pdf", makeLockedPdf()), /“locked.pdf” is protected by a password/],
    [pdfFile("scan.pdf", makePdf("")), /“scan.pdf” has no text in it: its pages are pictures/],
    [pdfFile("broken.pdf", Buffer.from("%PDF-1.7 and nothing else")), /“broken.pdf” is damaged/],
  ];
  for (const [file, words] of refusals) {
    await give(page.locator("mg-chat"), "drop", file);
    await expect(page.getByRole("alert")).toHaveText(words);
  }
  await expect(page.getByRole("list", { name: "Attached files" })).toHaveCount(0);
  await expect(chat.send).toBeDisabled();
});
