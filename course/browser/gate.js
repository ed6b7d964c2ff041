// Stands between the browser and the server, sees each request, and spoils some on demand.
import { createServer, request as ask } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";

/** As the server sends it with the client's files. */
const POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

export const REFRESH = "POST /api/token/refresh/";

const ENDED = JSON.stringify({
  detail: "Given token not valid for any token type",
  code: "token_not_valid",
  messages: [{ token_class: "AccessToken", token_type: "access", message: "Token is expired" }],
});

/**
 * `api` is the server's address. With `files`, a built client's folder, the pages come from
 * there, else from the server too.
 */
export async function openGate(api, files) {
  const gate = new Gate(api, files);
  const server = createServer((request, response) => {
    gate.pass(request, response).catch(() => response.destroy());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  gate.url = `http://127.0.0.1:${server.address().port}`;
  gate.close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return gate;
}

class Gate {
  /** All requests for the API: { call: "POST /api/token/", status, body, answer, cookie }. */
  calls = [];
  rules = [];
  given = new Set();
  ended = new Set();

  constructor(api, files) {
    Object.assign(this, { api, files });
  }

  /** How many such requests have come; `call` as in `calls`, or its beginning. */
  count(call) {
    return this.calls.filter((one) => one.call.startsWith(call)).length;
  }

  /** From now on all access tokens that were given out are refused, as if their time was over. */
  endAccessTokens() {
    this.given.forEach((token) => this.ended.add(token));
  }

  /**
   * What becomes of such requests. `before` is called before the server is asked; it may give
   * an answer, { status, body }. `after` is called when it has answered. Either may give "cut":
   * then the browser gets no answer. Returns the function that ends the rule.
   */
  rule(call, { before, after }) {
    const rule = { call, before, after };
    this.rules.unshift(rule);
    return () => {
      this.rules = this.rules.filter((other) => other !== rule);
    };
  }

  /** Holds back the answer to the next such request. */
  holdNext(call) {
    const answered = Promise.withResolvers();
    const released = Promise.withResolvers();
    const end = this.rule(call, {
      after: async (one) => {
        end();
        answered.resolve(one);
        await released.promise;
      },
    });
    return { answered: answered.promise, release: released.resolve };
  }

  async pass(request, response) {
    const path = new URL(request.url, this.url).pathname;
    if (this.files && !path.startsWith("/api/")) return this.file(path, response);
    const body = Buffer.concat(await request.toArray());
    if (!path.startsWith("/api/")) {
      const answer = await this.forward(request, body);
      return finish(response, answer);
    }
    const one = { call: `${request.method} ${path}`, body: body.toString(), done: false };
    this.calls.push(one);
    const rule = this.rules.find((rule) => one.call.startsWith(rule.call));
    let answer = await rule?.before?.(one);
    if (answer === "cut") return response.destroy();
    const token = request.headers.authorization?.replace("Bearer ", "");
    if (!answer && this.ended.has(token)) answer = { status: 401, body: ENDED };
    answer ??= await this.forward(request, body);
    one.status = answer.status;
    one.answer = answer.body.toString();
    one.cookie = answer.headers?.["set-cookie"]?.join("; ");
    if (one.call.startsWith("POST /api/token/") && one.status === 200) {
      const { access } = JSON.parse(one.answer);
      if (access) this.given.add(access);
    }
    if ((await rule?.after?.(one)) === "cut") return response.destroy();
    await finish(response, answer);
    one.done = true;
  }

  forward(request, body) {
    const headers = { ...request.headers, connection: "close", "content-length": body.length };
    return new Promise((resolve, reject) => {
      const onward = ask(this.api + request.url, { method: request.method, headers }, async (from) => {
        const whole = Buffer.concat(await from.toArray());
        resolve({ status: from.statusCode, headers: from.headers, body: whole });
      });
      onward.on("error", reject);
      onward.end(body);
    });
  }

  async file(path, response) {
    const name = normalize(path).slice(1);
    const file = extname(name) ? name : "index.html";
    try {
      const body = await readFile(join(this.files, file));
      const headers = { "content-type": TYPES[extname(file)], "content-security-policy": POLICY };
      return finish(response, { status: 200, headers, body });
    } catch {
      return finish(response, { status: 404, body: "" });
    }
  }
}

/**
 * Each answer closes its connection: on one that is used again, Chromium itself repeats a
 * request that got no answer.
 */
function finish(response, { status, headers, body }) {
  const kept = { "content-type": "application/json", ...headers, connection: "close" };
  delete kept["transfer-encoding"];
  delete kept["content-length"];
  response.writeHead(status, kept);
  return new Promise((resolve) => {
    // A browser that has gone away meanwhile hears nothing.
    if (response.destroyed || response.closed) return resolve();
    response.on("close", resolve);
    response.end(body);
  });
}
