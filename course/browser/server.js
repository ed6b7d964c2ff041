// Starts the server with a database of its own.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { limit } from "./world.js";

/** The program: step 10, as `.ci/browser` has built it. */
const PROGRAM = process.env.SERVER;

/** Starts it, and gives its address and the function that stops it. */
export async function startServer(settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), "browser-"));
  const environment = {
    PATH: process.env.PATH,
    PORT: "0",
    DATABASE_URL: `sqlite:${join(folder, "db.sqlite3")}`,
    BCRYPT_ROUNDS: "4",
    // On a slow machine too, what comes back at once comes within the grace.
    REUSE_GRACE: "3600",
    ...settings,
  };
  const child = spawn(PROGRAM, { cwd: folder, env: environment });
  let printed = "";
  let started = false;
  const address = new Promise((resolve, reject) => {
    const look = (chunk) => {
      if (started) return;
      printed += chunk;
      const found = printed.match(/Starting server at (http:\/\/[\d.:]+)/);
      started = Boolean(found);
      if (found) resolve(found[1]);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    const fail = () => reject(new Error(`The server did not start:\n${printed}`));
    child.on("error", reject);
    child.on("exit", fail);
    setTimeout(fail, limit.wait).unref();
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const gone = new Promise((resolve) => child.on("exit", resolve).on("error", resolve));
  const stop = async () => {
    process.off("exit", kill);
    kill();
    await gone;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { url: await address, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
