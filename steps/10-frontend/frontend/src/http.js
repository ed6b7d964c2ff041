import { API_URL } from "./constants";

/** In milliseconds. A request without an end would hold up all that wait for it. */
const TIMEOUT = 30_000;

/** What went wrong. `status` is 0 when no answer came; `data` is what the server said. */
export class ApiError extends Error {
  constructor(status, data) {
    super(data?.detail ?? sentence(status));
    this.status = status;
    this.data = data;
  }
}

function sentence(status) {
  if (status === 0) return "The server cannot be reached. Please try again.";
  if (status >= 500) return "The server has a problem. Please try again.";
  return "Please look at the marked fields.";
}

/** Sends a request and gives the JSON of the answer, or throws an ApiError. */
export async function send(method, path, { body, token, headers, keepalive } = {}) {
  const all = { "Content-Type": "application/json", ...headers };
  if (token) all.Authorization = `Bearer ${token}`;
  const signal = AbortSignal.timeout(TIMEOUT);
  let response, data;
  try {
    const options = { method, headers: all, body: JSON.stringify(body), keepalive, signal };
    response = await fetch(API_URL + path, options);
    const text = await response.text();
    if (text && response.status < 500) data = JSON.parse(text);
  } catch {
    throw new ApiError(0);
  }
  if (!response.ok) throw new ApiError(response.status, data);
  return data;
}
