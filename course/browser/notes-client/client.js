// What the notes' React client does with its tokens, without React: both in localStorage; at
// each start the end of the access token is compared with the clock; a refresh stores `access`
// and nothing else.
const heading = document.querySelector("h1");
const form = document.querySelector("form");

async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  return { ok: answer.ok, data: await answer.json() };
}

async function authorized() {
  const access = localStorage.getItem("access");
  if (!access) return false;
  const { exp } = JSON.parse(atob(access.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  if (exp > Date.now() / 1000) return true;
  const refresh = localStorage.getItem("refresh");
  const { ok, data } = await post("/api/token/refresh/", { refresh });
  if (ok) localStorage.setItem("access", data.access);
  return ok;
}

async function show() {
  const allowed = await authorized();
  form.hidden = allowed;
  heading.textContent = allowed ? "Your notes" : "Log in";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { ok, data } = await post("/api/token/", Object.fromEntries(new FormData(form)));
  if (!ok) return;
  localStorage.setItem("access", data.access);
  localStorage.setItem("refresh", data.refresh);
  await show();
});

await show();
