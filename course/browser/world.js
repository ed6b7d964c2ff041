// What each case gets: a gate, a browser window of its own, a user of its own.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { openGate } from "./gate.js";

/** How long a condition may take, in milliseconds: a busy machine may be ten times slower. */
export const limit = { wait: 60_000 };

export function openBrowser() {
  const options = { executablePath: process.env.CHROMIUM, timeout: limit.wait };
  return chromium.launch({ ...options, args: ["--disable-dev-shm-usage"] });
}

/** Waits until `holds` is true; else it fails, in the words of `rule`. */
export async function until(rule, holds) {
  const end = performance.now() + limit.wait;
  while (!(await holds())) {
    if (performance.now() > end) assert.fail(`Not so after ${limit.wait / 1000} s: ${rule}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

let users = 0;

export class World {
  /**
   * `server` is its address, `files` the folder of the built client (none: the server's own),
   * `store` is where that keeps its refresh token: `cookie` or `local`.
   */
  static async open({ browser, server, files, store }) {
    const world = new World();
    world.gate = await openGate(server, files);
    Object.assign(world, { browser, server, store, contexts: [] });
    world.context = await world.newBrowser();
    world.user = await world.register();
    return world;
  }

  async close() {
    await Promise.all(this.contexts.map((context) => context.close()));
    await this.gate.close();
  }

  /** One more browser window, which knows nothing of the others. */
  async newBrowser() {
    const context = await this.browser.newContext({ baseURL: this.gate.url });
    this.contexts.push(context);
    context.setDefaultTimeout(limit.wait);
    return context;
  }

  /** A new user, straight at the server. */
  async register() {
    const user = { username: `user${process.pid}x${(users += 1)}`, password: "correct horse" };
    await this.ask("POST", "/api/user/register/", user);
    return user;
  }

  async ask(method, path, body, access) {
    const headers = { "Content-Type": "application/json" };
    if (access) headers.Authorization = `Bearer ${access}`;
    const options = { method, headers, body: body && JSON.stringify(body) };
    const answer = await fetch(this.server + path, options);
    const text = await answer.text();
    return { status: answer.status, data: text ? JSON.parse(text) : undefined };
  }

  /** The user's notes, as the server has them. With `titles`, these are written first. */
  async notes({ user = this.user, titles = [] } = {}) {
    const { data } = await this.ask("POST", "/api/token/", user);
    for (const title of titles) {
      await this.ask("POST", "/api/notes/", { title, content: `About ${title}` }, data.access);
    }
    return (await this.ask("GET", "/api/notes/", undefined, data.access)).data;
  }

  /** A tab with the notes of the user, who logs in. */
  async logIn(page, user = this.user) {
    page ??= await this.context.newPage();
    await page.goto("/login");
    await page.getByLabel("Username").fill(user.username);
    await page.getByLabel("Password").fill(user.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await this.shows(page, "Your notes");
    await this.listed(page);
    return page;
  }

  /** One more tab, of a browser where the user is logged in. */
  async secondTab() {
    const page = await this.context.newPage();
    await page.goto("/");
    await this.shows(page, "Your notes");
    await this.listed(page);
    return page;
  }

  /** Waits until the page has this heading. */
  shows(page, heading) {
    return until(`the page is: ${heading}`, async () => (await headingOf(page)) === heading);
  }

  /** The list of notes is there. */
  listed(page) {
    return page.getByRole("heading", { name: "New note" }).waitFor();
  }

  /** Presses a note's Delete, and does not wait for it. */
  delete(page, title) {
    return page.getByRole("button", { name: `Delete ${title}`, exact: true }).click();
  }

  /** The note is gone from the page. */
  gone(page, title) {
    return page.getByRole("heading", { name: title, exact: true }).waitFor({ state: "detached" });
  }

  /** Waits for an alert that says this. */
  alert(page, text) {
    return page.getByRole("alert").filter({ hasText: text }).first().waitFor();
  }
}

export async function headingOf(page) {
  const headings = await page.locator("h1").allTextContents();
  return headings[0];
}
