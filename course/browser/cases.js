// What clients of this kind are reported to get wrong. Each case has a number; the broken
// clients in ../broken-clients are named after it.
import assert from "node:assert/strict";
import { REFRESH } from "./gate.js";
import { headingOf, until } from "./world.js";

const CREATE = "POST /api/notes/";
const DELETE = "DELETE /api/notes/";

/** SimpleJWT's answer to a refresh token that is none. */
const BAD_TOKEN = {
  status: 401,
  body: JSON.stringify({ detail: "Token is invalid", code: "token_not_valid" }),
};
const UNWELL = { status: 503, body: JSON.stringify({ detail: "Later." }) };
const refused = ({ status }) => status === 401;

/** `stores`: where the client keeps the refresh token; `build`: which of its builds is asked. */
export const cases = [
  {
    number: 1,
    name: "several requests are refused at once, and one refresh serves them all",
    async run(world) {
      await world.notes({ titles: ["Anna", "Bert", "Cleo", "Dora"] });
      const page = await world.logIn();
      const before = world.gate.count(REFRESH);
      world.gate.endAccessTokens();
      const late = world.gate.holdNext(DELETE);
      await world.delete(page, "Dora");
      await late.answered;
      await page.getByRole("button", { name: /^Delete [ABC]/ }).evaluateAll((buttons) => {
        buttons.forEach((button) => button.click());
      });
      for (const title of ["Anna", "Bert", "Cleo"]) await world.gone(page, title);
      // The refusal of the old token comes when there is a new one.
      late.release();
      await world.gone(page, "Dora");
      assert.equal(world.gate.count(REFRESH) - before, 1, "one refresh for four refusals");
    },
  },
  {
    number: 2,
    name: "two tabs refresh at once, and nobody is thrown out",
    async run(world) {
      await world.notes({ titles: ["Anna", "Bert"] });
      const first = await world.logIn();
      const second = await world.secondTab();
      world.gate.endAccessTokens();
      const held = world.gate.holdNext(REFRESH);
      await world.delete(first, "Anna");
      await held.answered;
      await world.delete(second, "Bert");
      await until("the second tab waits for the first, or is thrown out", async () => {
        const locks = await second.evaluate(() => navigator.locks.query());
        return locks.pending.length > 0 || (await headingOf(second)) === "Log in";
      });
      assert.equal(await headingOf(second), "Your notes", "the second tab stays logged in");
      held.release();
      for (const [page, title] of [[first, "Anna"], [second, "Bert"]]) {
        await world.gone(page, title);
        assert.equal(await headingOf(page), "Your notes", "both tabs stay logged in");
      }
      assert.deepEqual(await world.notes(), [], "both notes are deleted");
    },
  },
  {
    number: 3,
    name: "the refresh token that a refresh brings is the one for the next",
    async run(world) {
      await world.notes({ titles: ["Anna", "Bert", "Cleo"] });
      const page = await world.logIn();
      for (const title of ["Anna", "Bert", "Cleo"]) {
        world.gate.endAccessTokens();
        await world.delete(page, title);
        await world.gone(page, title);
        assert.equal(await headingOf(page), "Your notes", `still logged in after ${title}`);
      }
    },
  },
  {
    number: 4,
    name: "in StrictMode one refresh is sent at the start",
    stores: ["cookie"],
    build: "development",
    async run(world) {
      await world.logIn();
      const before = world.gate.count(REFRESH);
      await world.secondTab();
      assert.equal(world.gate.count(REFRESH) - before, 1, "one refresh for one start");
    },
  },
  {
    number: 4,
    name: "a reload during the refresh of a reload keeps the user",
    stores: ["cookie"],
    async run(world) {
      await world.notes({ titles: ["Anna"] });
      const page = await world.logIn();
      const first = world.gate.holdNext(REFRESH);
      await page.reload({ waitUntil: "commit" });
      const one = await first.answered;
      const second = world.gate.holdNext(REFRESH);
      await page.reload({ waitUntil: "commit" });
      // It came with the old cookie: the answer with the new one is on its way.
      assert.ok(refused(await second.answered), "the server refuses the used token");
      first.release();
      await until("the first answer has left", () => one.done);
      second.release();
      await world.shows(page, "Your notes");
      await page.getByRole("heading", { name: "Anna" }).waitFor();
    },
  },
  {
    number: 5,
    name: "a refusal that no refresh cures is told, and not asked for ever",
    async run(world) {
      const page = await world.logIn();
      world.gate.endAccessTokens();
      const start = counts(world.gate);
      world.gate.rule("GET /api/notes/", { before: () => BAD_TOKEN });
      await page.reload();
      await until("the page says so, or asks on and on", async () => {
        const alerts = await page.getByRole("alert").allTextContents();
        return alerts.some((text) => text) || counts(world.gate).lists - start.lists > 6;
      });
      const now = counts(world.gate);
      assert.ok(now.lists - start.lists <= 2, `the list asked for ${now.lists - start.lists} times`);
      assert.ok(now.refreshes - start.refreshes <= 2, "no more than a refresh, and one at the start");
      await world.alert(page, "Token is invalid");
    },
  },
  {
    number: 6,
    name: "a refused refresh is not refreshed: the user logs in",
    async run(world) {
      await world.notes({ titles: ["Anna"] });
      const page = await world.logIn();
      const before = world.gate.count(REFRESH);
      world.gate.endAccessTokens();
      // What SimpleJWT says when the user is no more: without a code.
      const body = JSON.stringify({ detail: "No active account found for the given token." });
      world.gate.rule(REFRESH, { before: () => ({ status: 401, body }) });
      await world.delete(page, "Anna");
      await until("the log-in page comes, or refresh follows refresh", async () => {
        return (await headingOf(page)) === "Log in" || world.gate.count(REFRESH) - before > 6;
      });
      const sent = world.gate.count(REFRESH) - before;
      assert.ok(sent <= 2, `the refresh was sent ${sent} times`);
      await world.shows(page, "Log in");
    },
  },
  {
    number: 7,
    name: "a server that is unwell or away does not log out: it is told, and tried again",
    async run(world) {
      await world.notes({ titles: ["Anna"] });
      const page = await world.logIn();
      world.gate.endAccessTokens();
      const end = world.gate.rule(REFRESH, { before: () => UNWELL });
      await world.delete(page, "Anna");
      await until("an answer shows", async () => {
        const alerts = await page.getByRole("alert").allTextContents();
        return alerts.some((text) => text) || (await headingOf(page)) === "Log in";
      });
      assert.equal(await headingOf(page), "Your notes", "a 503 logs nobody out");
      await world.alert(page, "The server has a problem");
      end();
      await world.delete(page, "Anna");
      await world.gone(page, "Anna");

      const back = world.gate.rule("", { before: () => "cut" });
      await page.reload();
      await world.alert(page, "cannot be reached");
      back();
      await page.getByRole("button", { name: "Try again" }).click();
      await world.listed(page);
      await world.shows(page, "Your notes");
    },
  },
  {
    number: 8,
    name: "the answer to a refresh is lost: it is said, and the family lives",
    async run(world) {
      await world.notes({ titles: ["Anna"] });
      const page = await world.logIn();
      world.gate.endAccessTokens();
      let lost;
      const end = world.gate.rule(REFRESH, {
        after: (one) => {
          lost = one;
          return "cut";
        },
      });
      await world.delete(page, "Anna");
      await world.alert(page, "cannot be reached");
      end();
      await world.delete(page, "Anna");
      await world.shows(page, "Log in");
      const said = page.getByText("Your session has ended. Please log in again.");
      assert.equal(await said.count(), 1, "the page says what happened");
      // The used token came back within the grace: nobody else of the family is thrown out.
      const refresh = refreshTokenOf(lost);
      const { status } = await world.ask("POST", "/api/token/refresh/", { refresh });
      assert.equal(status, 200, "the lost token is good");
    },
  },
  {
    number: 9,
    name: "a refresh that ends after the log-out logs nobody in",
    async run(world) {
      await world.notes({ titles: ["Anna"] });
      const page = await world.logIn();
      world.gate.endAccessTokens();
      const held = world.gate.holdNext(REFRESH);
      await world.delete(page, "Anna");
      await held.answered;
      await page.getByRole("link", { name: "Log out" }).click();
      await page.getByRole("link", { name: "Log in" }).waitFor();
      held.release();
      await until("the server knows of the log-out", () => {
        return world.gate.calls.some((one) => one.call.includes("blacklist") && one.done);
      });
      await world.shows(page, "Log in");
      assert.deepEqual(await stored(page), [], "nothing is stored");
      await page.goto("/");
      await world.shows(page, "Log in");
      assert.equal((await world.notes()).length, 1, "nothing was done after the log-out");
    },
  },
  {
    number: 10,
    name: "requests that wait end with the refresh, and what is sent again is whole",
    async run(world) {
      await world.notes({ titles: ["Anna"] });
      const page = await world.logIn();
      await waitingRequestsEnd(world, page);
      // Whether a 503 logs out is asked elsewhere.
      if ((await headingOf(page)) !== "Your notes") {
        await page.goto("/");
        await world.listed(page);
      }
      world.gate.endAccessTokens();
      const before = world.gate.calls.length;
      await write(page, "Cleo", "Once, and whole");
      await until("the note is sent, refused, and sent again", () => {
        const sent = world.gate.calls.slice(before).filter((one) => one.call === CREATE);
        return sent.length >= 2 && sent.every((one) => one.done);
      });
      const notes = (await world.notes()).filter(({ title }) => title === "Cleo");
      assert.deepEqual(notes.map(({ content }) => content), ["Once, and whole"]);
    },
  },
  {
    number: 11,
    name: "a clock that is ten minutes wrong changes nothing",
    async run(world) {
      await world.notes({ titles: ["Anna", "Bert"] });
      for (const [minutes, title] of [[10, "Anna"], [-10, "Bert"]]) {
        const page = await (await world.newBrowser()).newPage();
        await page.addInitScript((shift) => {
          const RealDate = Date;
          globalThis.Date = class extends RealDate {
            constructor(...rest) {
              super(...(rest.length > 0 ? rest : [RealDate.now() + shift]));
            }
            static now() {
              return RealDate.now() + shift;
            }
          };
        }, minutes * 60_000);
        await world.logIn(page);
        const before = world.gate.count(REFRESH);
        await write(page, `Note at ${minutes}`, "On time");
        await page.getByRole("heading", { name: `Note at ${minutes}` }).waitFor();
        assert.equal(world.gate.count(REFRESH), before, "no refresh while the token is good");
        world.gate.endAccessTokens();
        await world.delete(page, title);
        await world.gone(page, title);
        assert.equal(world.gate.count(REFRESH), before + 1, "one refresh when it has ended");
      }
    },
  },
  {
    number: 12,
    name: "Back after a log-out shows no notes",
    async run(world) {
      await world.notes({ titles: ["Anna"] });
      const page = await world.logIn();
      await page.getByRole("link", { name: "Log out" }).click();
      await world.shows(page, "Log in");
      await page.goBack();
      await world.shows(page, "Log in");
      assert.equal(await page.getByText("Anna").count(), 0, "no note on the page");

      // A page that the browser kept whole, and that heard nothing of the log-out.
      const kept = await world.context.newPage();
      await kept.addInitScript(() => {
        globalThis.BroadcastChannel = class {
          postMessage() {}
        };
      });
      await world.logIn(kept);
      const other = await world.secondTab();
      await other.getByRole("link", { name: "Log out" }).click();
      await world.shows(other, "Log in");
      await until("the kept page's storage is empty", async () => (await stored(kept)).length === 0);
      await kept.evaluate(() => {
        window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
      });
      await kept.getByRole("heading", { name: "Log in" }).waitFor();
      assert.equal(await kept.getByText("Anna").count(), 0, "no note on the kept page");
    },
  },
  {
    number: 13,
    name: "a log-out in one tab reaches the others",
    async run(world) {
      await world.notes({ titles: ["Anna"] });
      const first = await world.logIn();
      const second = await world.secondTab();
      await first.getByRole("link", { name: "Log out" }).click();
      await world.shows(first, "Log in");
      await second.getByRole("heading", { name: "Log in" }).waitFor();
      assert.equal(await second.getByText("Anna").count(), 0, "no note in the other tab");
    },
  },
  {
    number: 14,
    name: "another user in another tab: nothing of the one goes to the other",
    async run(world) {
      const other = await world.register();
      const page = await world.context.newPage();
      await page.addInitScript(() => {
        globalThis.BroadcastChannel = class {
          postMessage() {}
        };
      });
      await world.logIn(page);
      const second = await world.secondTab();
      await second.getByRole("link", { name: "Log out" }).click();
      await world.shows(second, "Log in");
      await world.logIn(second, other);
      world.gate.endAccessTokens();
      await write(page, "Mine", "Not yours");
      await until("the note was sent, and sent again or not", async () => {
        return (await page.getByRole("button", { name: "One moment…" }).count()) === 0;
      });
      assert.deepEqual(await world.notes({ user: other }), [], "the other has no note of ours");
    },
  },
];

/** A delete and a new note wait for one refresh, which fails: both end. */
async function waitingRequestsEnd(world, page) {
  const reached = Promise.withResolvers();
  const fail = Promise.withResolvers();
  const before = world.gate.count("");
  const end = world.gate.rule(REFRESH, {
    before: async () => {
      reached.resolve();
      await fail.promise;
      return UNWELL;
    },
  });
  world.gate.endAccessTokens();
  await world.delete(page, "Anna");
  await reached.promise;
  await write(page, "Bert", "Waits");
  await until("the note was refused", () => {
    const sent = world.gate.calls.slice(before);
    return sent.some((one) => one.call === CREATE && one.done);
  });
  fail.resolve();
  end();
  await until("the waiting requests end", async () => {
    return (await page.getByRole("button", { name: "One moment…" }).count()) === 0;
  });
}

const counts = (gate) => ({
  lists: gate.count("GET /api/notes/"),
  refreshes: gate.count(REFRESH),
});

export async function write(page, title, content) {
  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Content").fill(content);
  await page.getByRole("button", { name: "Add note" }).click();
}

const stored = (page) => page.evaluate(() => Object.keys(localStorage));

/** The refresh token that an answer brought, in its cookie or in its body. */
const refreshTokenOf = ({ cookie, answer }) =>
  /refresh=([^;]+)/.exec(cookie ?? "")?.[1] ?? JSON.parse(answer).refresh;
