// Each broken client in ../broken-clients must fail a case of its number, and no other.
//
//     node broken.js [name…]
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "./build.js";
import { cases } from "./cases.js";
import { all, pool, runCase } from "./run.js";
import { startServer } from "./server.js";
import { limit, openBrowser } from "./world.js";

const run = promisify(execFile);
const here = (path) => new URL(path, import.meta.url).pathname;
const FRONTEND = here("../../steps/10-frontend/frontend");
const CLIENTS = here("../broken-clients");

/** A patch is read as a whole, heads and all. */
const MOST_LINES = 15;

const AT_ONCE = 3;

const wanted = process.argv.slice(2);
const names = (await readdir(CLIENTS)).filter((name) => wanted.length === 0 || wanted.includes(name));
const folder = await mkdtemp(join(tmpdir(), "broken-"));
const [browser, server] = await Promise.all([openBrowser(), startServer()]);
const faults = [];
try {
  const clients = [];
  await pool(2, names.sort(), async (name) => clients.push(await broken(name)));
  clients.sort((a, b) => (a.name < b.name ? -1 : 1));

  // What must fail waits no longer than it must.
  limit.wait = 12_000;
  const own = clients.flatMap((client) => client.own.map((job) => ({ client, job })));
  await pool(2 * AT_ONCE, own, async ({ client, job }) => {
    const error = await ask(client, job);
    if (error) client.caught ??= `${title(job)}: ${error.message.split("\n")[0]}`;
  });
  for (const { name, caught } of clients) {
    console.log(caught ? `${name}: caught by ${caught}` : `${name}: NOT CAUGHT`);
    if (!caught) faults.push(`${name} passes all cases of its number`);
  }

  limit.wait = 60_000;
  const others = clients.flatMap((client) => client.others.map((job) => ({ client, job })));
  const again = [];
  await pool(AT_ONCE, others, async (one) => {
    if (await ask(one.client, one.job)) again.push(one);
  });
  // Once more, alone: a machine that is busy proves nothing.
  await pool(1, again, async ({ client, job }) => {
    const error = await ask(client, job);
    if (error) faults.push(`${client.name} fails ${title(job)} too: ${error.message}`);
    else console.log(`${client.name}: ${title(job)} passed at the second time`);
  });
  console.log(`${clients.length} broken clients, ${own.length + others.length} runs`);
} finally {
  await browser.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
faults.forEach((fault) => console.error(`Error: ${fault}`));
process.exitCode = faults.length > 0 ? 1 : 0;

/** A client with its mistake, built, and the cases that are its own. */
async function broken(name) {
  const patch = join(CLIENTS, name, "bug.patch");
  const lines = (await readFile(patch, "utf8")).trimEnd().split("\n").length;
  if (lines > MOST_LINES) faults.push(`${name}: its patch has ${lines} lines`);
  await readFile(join(CLIENTS, name, "about.md"), "utf8");
  const source = join(folder, name, "source");
  await mkdir(source, { recursive: true });
  for (const one of await readdir(FRONTEND)) {
    if (one === "node_modules") await symlink(join(FRONTEND, one), join(source, one));
    else if (one !== "dist") await cp(join(FRONTEND, one), join(source, one), { recursive: true });
  }
  await run("git", ["apply", patch], { cwd: source });
  const builds = await build(source, join(folder, name));
  const number = Number.parseInt(name, 10);
  const jobs = all(cases);
  return {
    name,
    builds,
    own: jobs.filter(({ one }) => one.number === number),
    // Of these one way is enough: what differs is only where the tokens are.
    others: jobs.filter(({ one, store }) => one.number !== number && store === "cookie"),
  };
}

function ask({ builds }, job) {
  return runCase({ browser, server: server.url, builds }, job);
}

function title({ one, store }) {
  return `${one.number}. ${one.name} (${store})`;
}
