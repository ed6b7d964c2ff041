/** Where the API is; empty: where the page comes from. */
export const API_URL = import.meta.env.VITE_API_URL ?? "";

/** The refresh token is in a cookie that no script can read. Otherwise it is in localStorage. */
export const IN_COOKIE = import.meta.env.VITE_TOKEN_STORE !== "local";

/** The names in localStorage, as in the notes. */
export const ACCESS_TOKEN = "access";
export const REFRESH_TOKEN = "refresh";
