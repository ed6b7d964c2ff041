// Runs cases, some at a time, each in a world of its own.
import { World, openBrowser } from "./world.js";

/** Runs one case; gives its error, or nothing. */
export async function runCase({ browser, server, builds }, { one, store }) {
  const files = builds[one.build === "development" ? "development" : store];
  const world = await World.open({ browser, server, files, store });
  try {
    await one.run(world);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await world.close();
  }
}

/** Every case with every store that it is about. */
export const all = (cases) =>
  cases.flatMap((one) => (one.stores ?? ["cookie", "local"]).map((store) => ({ one, store })));

export async function pool(size, jobs, work) {
  const waiting = [...jobs];
  const worker = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) await work(job);
  };
  await Promise.all(Array.from({ length: size }, worker));
}
