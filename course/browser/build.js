// Builds the client, in the ways that the tests ask about.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const WAYS = {
  cookie: { VITE_TOKEN_STORE: "cookie" },
  local: { VITE_TOKEN_STORE: "local" },
  // With React's checks: here StrictMode does everything twice.
  development: { VITE_TOKEN_STORE: "cookie", NODE_ENV: "development" },
};

/** Builds `source`, a folder with node_modules, into `target`; gives the folders by name. */
export async function build(source, target, ways = Object.keys(WAYS)) {
  const vite = join(source, "node_modules", "vite", "bin", "vite.js");
  const builds = {};
  for (const way of ways) {
    builds[way] = join(target, way);
    const mode = way === "development" ? "development" : "production";
    const options = ["build", "--mode", mode, "--logLevel", "warn"];
    options.push("--emptyOutDir", "--outDir", builds[way]);
    await run(process.execPath, [vite, ...options], {
      cwd: source,
      env: { ...process.env, ...WAYS[way] },
    });
  }
  return builds;
}
