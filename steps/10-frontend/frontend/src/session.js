import { jwtDecode } from "jwt-decode";
import { useSyncExternalStore } from "react";
import { ACCESS_TOKEN, IN_COOKIE, REFRESH_TOKEN } from "./constants";
import { ApiError, send } from "./http";

/**
 * Who is logged in, as far as this tab knows. `status` is `unknown`, `in`, `out`, or `away`
 * when the server could not be asked. Each log-in and log-out makes a new object: what was
 * begun under an old one has no say any more.
 */
let session = { status: "unknown" };
const listeners = new Set();

export const currentSession = () => session;

/** The session, for a component, which is drawn anew when it changes. */
export const useSession = () => useSyncExternalStore(subscribe, currentSession);

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function become(status, more) {
  session = { status, ...more };
  listeners.forEach((listener) => listener());
}

/** Log-ins and log-outs are told to the other tabs. */
const tabs = new BroadcastChannel("session");
tabs.onmessage = ({ data }) => (data === "log-out" ? become("out") : start());

// Back may bring a page as it was left, with its notes.
window.addEventListener("pageshow", (event) => event.persisted && start());

/** One at a time, of all tabs. Browsers have locks only with HTTPS or on this machine. */
const alone = (work) => (navigator.locks ? navigator.locks.request("session", work) : work());

/**
 * A request about refresh tokens. The header asks for the cookie; a page of another site
 * cannot send it. With `keepalive` the new cookie arrives even if the page is left meanwhile.
 */
function post(path, body) {
  const headers = IN_COOKIE ? { "X-Refresh-Cookie": "1" } : {};
  return send("POST", path, { body, headers, keepalive: true });
}

/** What names the refresh token to the server. A cookie goes along by itself. */
const refreshToken = () => (IN_COOKIE ? {} : { refresh: localStorage.getItem(REFRESH_TOKEN) });

/** Finds out who is logged in: when the page is loaded, and when another tab says so. */
export async function start() {
  become("unknown");
  const mine = session;
  try {
    await refresh(mine);
  } catch (error) {
    if (session === mine) become("away", { error });
  }
}

export async function logIn(username, password) {
  await alone(async () => keep(await post("/api/token/", { username, password })));
  tabs.postMessage("log-in");
}

/** At once in this tab and in the others; then on the server. */
export async function logOut() {
  const leaving = session.leaving ?? refreshToken();
  localStorage.clear();
  become("out", { leaving });
  const told = alone(() => post("/api/token/blacklist/", leaving));
  tabs.postMessage("log-out");
  await told.catch((error) => {
    if (!isRefusal(error)) throw error;
  });
}

/** A new access token in place of `stale`. However many ask, one request is sent. */
export function refresh(mine, stale) {
  mine.refreshing ??= alone(() => exchange(mine, stale)).finally(() => {
    mine.refreshing = undefined;
  });
  return mine.refreshing;
}

async function exchange(mine, stale) {
  try {
    const pair = await redeem(mine, stale).catch(async (error) => {
      if (error.status !== 401) throw error;
      // A refresh of another tab, or one that a reload cut off, has used up the token, and
      // what it brought is on its way to us. So a second time, a little later.
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return redeem(mine, stale);
    });
    if (session === mine) keep(pair);
  } catch (error) {
    if (session === mine && isRefusal(error)) {
      if (error.status === 401) localStorage.clear();
      // On a first visit nothing has ended: there is no token, and the answer is 400.
      const ended = mine.status === "in" || error.status === 401;
      become("out", { notice: ended ? ENDED : undefined });
    }
    throw error;
  }
  // Someone else may have logged in, in another tab: nothing of ours is sent for them.
  const same = mine.status !== "in" || session.user === mine.user;
  if (!same) throw new ApiError(401, { detail: ENDED });
  return session.access;
}

const ENDED = "Your session has ended. Please log in again.";

/** 400: no token; 401: none that is good. All else says nothing about the token. */
const isRefusal = (error) => error.status === 400 || error.status === 401;

/** Hands in the refresh token, unless another request or another tab did it meanwhile. */
async function redeem(mine, stale) {
  const known = IN_COOKIE ? mine.access : localStorage.getItem(ACCESS_TOKEN);
  if (known && known !== stale) return { access: known };
  return post("/api/token/refresh/", refreshToken());
}

function keep({ access, refresh }) {
  if (!IN_COOKIE) localStorage.setItem(ACCESS_TOKEN, access);
  // With rotation the old one is used up.
  if (!IN_COOKIE && refresh) localStorage.setItem(REFRESH_TOKEN, refresh);
  const user = jwtDecode(access).user_id;
  if (session.status === "in" && session.user === user) session.access = access;
  else become("in", { access, user });
}
