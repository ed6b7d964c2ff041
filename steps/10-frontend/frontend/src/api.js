import { send } from "./http";
import { currentSession, refresh } from "./session";

/**
 * A request in the name of the user. When the access token has ended, it is sent once more,
 * with a new one. The server says when that is: this computer's clock may be wrong.
 */
export async function api(method, path, body) {
  const mine = currentSession();
  const token = mine.access;
  try {
    return await send(method, path, { body, token });
  } catch (error) {
    if (error.status !== 401) throw error;
    return send(method, path, { body, token: await refresh(mine, token) });
  }
}
