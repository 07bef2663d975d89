// A headless Chromium for the tests beside this file: reads a command a line as JSON from its standard input, answers
// each with a line, and ends with its input. What is to be seen stays in the tests; what is measured inside a page is in
// `probes.mjs`.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

import * as probes from "./probes.mjs";

const { WATCHKEEPER_CHROMIUM, WATCHKEEPER_PLAYWRIGHT, WATCHKEEPER_PAGES } = process.env;
const { chromium } = createRequire(import.meta.url)(WATCHKEEPER_PLAYWRIGHT);

/** How long anything may take to come, in milliseconds. */
const PATIENCE = 30_000;

const browser = await chromium.launch({
  executablePath: WATCHKEEPER_CHROMIUM,
  // No sandbox of its own: it shows our pages only, and machines that test run as root.
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});
const pages = [];

/** What no page may ever do, as lines of text: errors, refusals of the content policy, requests to elsewhere. */
function listen(page) {
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${WATCHKEEPER_PAGES}/`)) complaints.push(`asks elsewhere: ${request.url()}`);
  });
  page.on("requestfailed", (request) => {
    // Leaving a page ends its event stream and what it was still asking for.
    const { errorText } = request.failure();
    if (errorText !== "net::ERR_ABORTED") complaints.push(`request: ${request.url()} ${errorText}`);
  });
  return complaints;
}

async function accessibility(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  await session.detach();
  const seen = nodes.filter((node) => !node.ignored);
  return seen.map(({ role, name, properties = [] }) => ({
    role: role.value,
    name: name?.value ?? "",
    level: properties.find((property) => property.name === "level")?.value.value ?? null,
  }));
}

const commands = {
  async page({ scheme, width, height, script }) {
    const context = await browser.newContext({
      baseURL: WATCHKEEPER_PAGES,
      colorScheme: scheme,
      viewport: { width, height },
      javaScriptEnabled: script,
      reducedMotion: "reduce",
    });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    return pages.push({ page, complaints: listen(page) }) - 1;
  },
  go: async ({ page }, { path }) => (await page.goto(path, { waitUntil: "load" })).status(),
  click: ({ page }, { on }) => page.locator(on).click(),
  fill: ({ page }, { on, text }) => page.locator(on).fill(text),
  focus: ({ page }, { on }) => page.locator(on).focus(),
  press: ({ page }, { key }) => page.keyboard.press(key),
  see: ({ page }, { on }) => page.locator(on).first().waitFor({ state: "visible" }),
  miss: ({ page }, { on }) => page.locator(on).first().waitFor({ state: "hidden" }),
  texts: ({ page }, { on }) => page.locator(on).allInnerTexts(),
  path: ({ page }) => new URL(page.url()).pathname,
  probe: ({ page }, { name, argument }) => page.evaluate(probes[name], argument),
  accessibility: ({ page }) => accessibility(page),
  picture: async ({ page }, { file, whole }) => void (await page.screenshot({ path: file, fullPage: whole })),
  complaints: ({ complaints }) => complaints.splice(0),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, page, ...rest } = JSON.parse(line);
  let answer;
  try {
    const value = page == null ? await commands[command](rest) : await commands[command](pages[page], rest);
    answer = { value: value ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
