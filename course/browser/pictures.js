// Makes the two pictures of README and chapter 10: SERVER=… CHROMIUM=… node pictures.js
import { startServer } from "./server.js";
import { World, openBrowser } from "./world.js";

const NOTES = [
  ["Who is asking?", "The access token says it, with each request."],
  ["Shopping", "Bread, two lemons,\na litre of milk"],
  ["For the train", "Chapter 6: a refresh token works once."],
];
const PICTURES = [
  { name: "10-notes-light", colorScheme: "light", width: 1100, height: 760 },
  { name: "10-notes-phone", colorScheme: "dark", width: 360, height: 740 },
];

const [browser, server] = await Promise.all([openBrowser(), startServer()]);
for (const { name, colorScheme, ...viewport } of PICTURES) {
  const world = await World.open({ browser, server: server.url, store: "cookie" });
  const { data } = await world.ask("POST", "/api/token/", world.user);
  for (const [title, content] of NOTES) {
    await world.ask("POST", "/api/notes/", { title, content }, data.access);
  }
  const page = await world.context.newPage();
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize(viewport);
  await world.logIn(page);
  const path = new URL(`../../notes/images/${name}.png`, import.meta.url).pathname;
  await page.screenshot({ path });
  await world.close();
}
await browser.close();
await server.stop();
