// The client in a real browser. `.ci/browser` starts it.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "./build.js";
import { cases, write } from "./cases.js";
import { REFRESH } from "./gate.js";
import { all, runCase } from "./run.js";
import { startServer } from "./server.js";
import { World, headingOf, openBrowser, until } from "./world.js";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FRONTEND = new URL("../../steps/10-frontend/frontend", import.meta.url).pathname;

let browser, server, builds, folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "browser-"));
  builds = await build(FRONTEND, folder);
  // As everyone gets it: from the server.
  builds.cookie = undefined;
  [browser, server] = await Promise.all([openBrowser(), startServer()]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A test with a world of its own. */
const inWorld = (name, work, store = "cookie") =>
  test(name, async () => {
    const world = await World.open({ browser, server: server.url, files: builds[store], store });
    try {
      await work(world);
    } finally {
      await world.close();
    }
  });

describe("the client", { concurrency: 2 }, () => {
  for (const job of all(cases)) {
    test(`${job.one.number}. ${job.one.name} (${job.store})`, async () => {
      const error = await runCase({ browser, server: server.url, builds }, job);
      if (error) throw error;
    });
  }

  for (const store of ["cookie", "local"]) {
    inWorld(`the path of a person (${store})`, pathOfAPerson, store);
  }

  inWorld("the refresh token is where no script reads it, the access token in memory", async (world) => {
    const page = await world.logIn();
    const [cookie, ...others] = await world.context.cookies(`${world.gate.url}/api/token/`);
    assert.deepEqual(others, []);
    const { httpOnly, secure, sameSite, path } = cookie;
    assert.deepEqual(
      { httpOnly, secure, sameSite, path },
      { httpOnly: true, secure: true, sameSite: "Strict", path: "/api/token/" },
    );
    const seen = await page.evaluate(() => [
      document.cookie,
      localStorage.length,
      sessionStorage.length,
    ]);
    assert.deepEqual(seen, ["", 0, 0], "a script finds nothing that is kept");
    const bodies = world.gate.calls.map(({ answer }) => answer).join();
    assert.ok(!bodies.includes('"refresh":"'), "no body brings a refresh token");
  });

  inWorld("a page of another site can neither use nor end the session", async (world) => {
    const page = await world.logIn();
    const before = world.gate.calls.length;
    const site = createServer((request, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<title>Other</title>");
    });
    await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
    try {
      const other = await world.context.newPage();
      await other.goto(`http://localhost:${site.address().port}/`);
      const results = await other.evaluate(async (target) => {
        const options = { method: "POST", credentials: "include", body: "{}" };
        const headers = { "X-Refresh-Cookie": "1" };
        const sent = [];
        for (const path of ["/api/token/refresh/", "/api/token/blacklist/"]) {
          const answer = fetch(target + path, { ...options, headers });
          sent.push(await answer.then(({ status }) => status, () => "refused"));
          // Without the header there is no question beforehand: it arrives, without a cookie.
          await fetch(target + path, { ...options, mode: "no-cors" }).catch(() => {});
        }
        return sent;
      }, world.gate.url);
      assert.deepEqual(results, ["refused", "refused"], "the browser asks first, and does not send");
      const sent = world.gate.calls.slice(before).filter(({ call }) => call.startsWith("POST"));
      assert.equal(sent.length, 2, "only the bare ones arrive");
      assert.ok(sent.every(({ status }) => status >= 400), "and they do nothing");
    } finally {
      site.closeAllConnections();
      site.close();
    }
    await page.reload();
    await world.shows(page, "Your notes");
  });

  inWorld("each new page has its title, and the focus on its heading", async (world) => {
    const page = await world.context.newPage();
    // Not the link of the same name, which has the focus before.
    const focused = () => page.evaluate(() => document.activeElement.closest("h1")?.textContent);
    await page.goto("/login");
    for (const name of ["Register", "Log in"]) {
      await page.getByRole("navigation").getByRole("link", { name }).press("Enter");
      await until(`the focus is on "${name}"`, async () => (await focused()) === name);
      assert.equal(await page.title(), `${name} – Notes`);
    }
    // From the heading, Tab leads into the form.
    await page.keyboard.press("Tab");
    await page.keyboard.type(world.user.username);
    await page.keyboard.press("Tab");
    await page.keyboard.type(world.user.password);
    await page.keyboard.press("Enter");
    await until('the focus is on "Your notes"', async () => (await focused()) === "Your notes");
    await world.listed(page);
    await page.goto("/nowhere");
    await world.shows(page, "Not found");
  });

  inWorld("a mistake is beside its field, said aloud, and has the focus", async (world) => {
    const page = await world.context.newPage();
    await page.goto("/register");
    await page.getByLabel("Username").fill(world.user.username);
    await page.getByRole("button", { name: "Register" }).click();
    const password = page.getByLabel("Password");
    await until("the field has the focus", () => password.evaluate((input) => input === document.activeElement));
    assert.match(await describedBy(password), /may not be blank/);
    await password.fill("correct horse");
    await page.getByRole("button", { name: "Register" }).click();
    await world.alert(page, "A user with that username already exists.");
    assert.match(await describedBy(page.getByLabel("Username")), /already exists/);
    assert.equal(await password.getAttribute("aria-invalid"), "false");
  });

  for (const colorScheme of ["light", "dark"]) {
    for (const width of [360, 1280]) {
      inWorld(`axe finds nothing: ${colorScheme}, ${width} pixels`, async (world) => {
        await world.notes({ titles: ["Anna", "Bert"] });
        const page = await world.context.newPage();
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.setViewportSize({ width, height: 800 });
        await lookAtEachPage(world, page);
      });
    }
  }
});

describe("a client as the notes make it", { concurrency: 2 }, () => {
  const files = new URL("notes-client", import.meta.url).pathname;

  test("with rotation: its second refresh throws it out, and ends the family", async () => {
    const own = await startServer({ REUSE_GRACE: "0" });
    const world = await World.open({ browser, server: own.url, files, store: "local" });
    try {
      const page = await logInTwoHoursLater(world);
      await page.reload();
      await world.shows(page, "Your notes");
      const [first] = world.gate.calls.filter(({ call }) => call === REFRESH);
      const { refresh } = JSON.parse(first.answer);
      // The server counts in seconds; within the same one it would be a second tab's.
      const then = Date.now();
      await until("a second has passed", () => Date.now() > then + 1500);
      await page.reload();
      await world.shows(page, "Log in");
      const { status, data } = await world.ask("POST", "/api/token/refresh/", { refresh });
      assert.equal(status, 401, "the token that it did not store is revoked too");
      assert.equal(data.detail, "Token is blacklisted");
    } finally {
      await world.close();
      await own.stop();
    }
  });

  test("with ROTATE_REFRESH_TOKENS=false it goes on", async () => {
    const own = await startServer({ REUSE_GRACE: "0", ROTATE_REFRESH_TOKENS: "false" });
    const world = await World.open({ browser, server: own.url, files, store: "local" });
    try {
      const page = await logInTwoHoursLater(world);
      for (let refreshes = 1; refreshes <= 3; refreshes += 1) {
        await page.reload();
        await world.shows(page, "Your notes");
        assert.equal(world.gate.count(REFRESH), refreshes);
      }
    } finally {
      await world.close();
      await own.stop();
    }
  });
});

/** After the log-in the page's clock goes two hours ahead: each start finds the token ended. */
async function logInTwoHoursLater(world) {
  const page = await world.context.newPage();
  await page.goto("/");
  await page.getByLabel("Username").fill(world.user.username);
  await page.getByLabel("Password").fill(world.user.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await world.shows(page, "Your notes");
  await page.addInitScript(() => {
    const now = Date.now;
    Date.now = () => now() + 7_200_000;
  });
  return page;
}

async function pathOfAPerson(world) {
  const page = await world.context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    // The browser itself reports each 4xx; those are wanted here.
    const own = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !own) faults.push(message.text());
  });
  const username = `${world.user.username}-walks`;

  await page.goto("/");
  await world.shows(page, "Log in");
  await page.getByRole("navigation").getByRole("link", { name: "Register" }).click();
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password").fill("a long enough one");
  await page.getByRole("button", { name: "Register" }).click();
  await page.getByText(`Welcome, ${username}. You can log in now.`).waitFor();

  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password").fill("another one");
  await page.getByRole("button", { name: "Log in" }).click();
  await world.alert(page, "No active account found with the given credentials");
  assert.equal(await page.getByLabel("Username").inputValue(), username, "what was typed stays");
  await page.getByLabel("Password").fill("a long enough one");
  await page.getByRole("button", { name: "Log in" }).click();
  await world.shows(page, "Your notes");
  await page.getByText("There are none yet.").waitFor();

  await write(page, "Milk", "Two liters");
  await page.getByText("“Milk” is saved.").waitFor();
  assert.equal(await page.getByLabel("Title").inputValue(), "", "the form is empty again");

  await page.getByRole("button", { name: "Edit Milk" }).click();
  const note = page.getByRole("listitem");
  await note.getByLabel("Title").fill("");
  await note.getByRole("button", { name: "Save" }).click();
  await world.alert(page, "This field may not be blank.");
  await note.getByLabel("Title").fill("Oat milk");
  await note.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Oat milk" }).waitFor();
  await page.getByText("“Oat milk” is changed.").waitFor();

  const refreshes = world.gate.count(REFRESH);
  world.gate.endAccessTokens();
  await world.delete(page, "Oat milk");
  await world.gone(page, "Oat milk");
  await page.getByText("“Oat milk” is deleted.").waitFor();
  assert.equal(world.gate.count(REFRESH), refreshes + 1, "one refresh, in the background");

  await page.reload();
  await page.getByText("There are none yet.").waitFor();
  await page.getByRole("link", { name: "Log out" }).click();
  await world.shows(page, "Log in");
  await page.goto("/");
  await world.shows(page, "Log in");
  assert.equal(await headingOf(page), "Log in");
  assert.deepEqual(faults, [], "nothing is thrown, and the policy forbids nothing");
}

async function lookAtEachPage(world, page) {
  const look = async (where) => {
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    assert.deepEqual(found, [], where);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.ok(!wide, `${where}: nothing is wider than the page`);
  };
  for (const [path, heading] of [["/register", "Register"], ["/nowhere", "Not found"]]) {
    await page.goto(path);
    await world.shows(page, heading);
    await look(path);
  }
  await page.goto("/login");
  await page.getByLabel("Username").fill(world.user.username);
  await page.getByRole("button", { name: "Log in" }).click();
  await world.alert(page, "may not be blank");
  await look("a log-in with a mistake");
  await world.logIn(page);
  await look("the notes");
  await page.getByRole("button", { name: "Edit Anna" }).click();
  await page.getByRole("button", { name: "Save" }).waitFor();
  await look("an edit");
  const back = world.gate.rule("", { before: () => "cut" });
  await page.reload();
  await world.alert(page, "cannot be reached");
  await look("a server that is away");
  back();
  const held = world.gate.holdNext("GET /api/notes/");
  await page.getByRole("button", { name: "Try again" }).click();
  await held.answered;
  await look("the notes on their way");
  held.release();
  await world.listed(page);
  const end = world.gate.rule("POST /api/token/blacklist/", { before: () => "cut" });
  await page.getByRole("link", { name: "Log out" }).click();
  await world.alert(page, "cannot be reached");
  await look("a log-out that the server does not know of");
  end();
  await page.getByRole("button", { name: "Try again" }).click();
  await world.shows(page, "Log in");
}

const describedBy = (field) =>
  field.evaluate((input) => document.getElementById(input.getAttribute("aria-describedby")).textContent);
