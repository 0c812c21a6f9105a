// Counts people at the door. Every tap is kept on the phone at once; the network is needed at the end only, and sending is
// tried again until it succeeds. The server stores a key once, so a count that was sent twice is one count.
"use strict";

const page = document.getElementById("counter");
const place = `foyer-count-${page.dataset.store}`;
const MINUTE = 60_000;
const RETRY = 5_000; // milliseconds
const part = (name) => page.querySelector(`[data-${name}]`);

let state = recall() || { key: page.dataset.key, taps: [] };
let sending = false;
let retry = 0;
let awake = null;

function recall() {
  try { return JSON.parse(localStorage.getItem(place)); } catch { return null; }
}

function keep() {
  try { localStorage.setItem(place, JSON.stringify(state)); } catch { /* private windows keep nothing; the page still counts */ }
}

function forget() {
  try { localStorage.removeItem(place); } catch { /* as above */ }
}

const step = () => (!state.started ? "ready" : state.ended ? "ended" : "running");
const count = (kind) => state.taps.filter((tap) => tap === kind).length;

function time(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

function show() {
  page.hidden = false;
  for (const block of page.querySelectorAll("[data-step]")) block.hidden = block.dataset.step !== step();
  for (const output of page.querySelectorAll("[data-count]")) output.textContent = count(output.dataset.count);
  const last = state.taps.at(-1);
  page.querySelector("[data-do=undo]").disabled = !last;
  part("last").textContent = last ? `(${last})` : "";
  if (step() === "ended") {
    const minutes = Math.round((state.ended - state.started) / MINUTE);
    part("summary").textContent = `${count("entered")} visitors and ${count("staff")} staff in ${minutes} minutes.`;
  }
  tick();
}

function tick() {
  if (step() !== "running") return;
  part("clock").textContent = time(Date.now() - state.started);
  part("network").textContent = navigator.onLine ? "" : "No network; just go on counting.";
}

function tap(kind) {
  if (step() !== "running") return;
  state.taps.push(kind);
  navigator.vibrate?.(15);
  keep();
  show();
}

async function stayAwake() {
  if (step() !== "running" || document.visibilityState !== "visible") return;
  try { awake = await navigator.wakeLock?.request("screen"); } catch { /* a phone that saves power says no */ }
}

const doing = {
  start() {
    state.camera = page.querySelector("[name=camera]")?.value || "";
    state.started = Date.now();
    stayAwake();
  },
  undo() { state.taps.pop(); },
  finish() { state.ended = Date.now(); awake?.release(); },
  resume() { delete state.ended; clearTimeout(retry); say("", ""); stayAwake(); },
  discard() {
    if (!window.confirm("Throw this count away?")) return;
    clearTimeout(retry);
    forget();
    window.location.reload();
  },
  send() { send(); },
};

function say(status, problem) {
  part("sending").textContent = status;
  part("problem").textContent = problem;
  part("problem").hidden = !problem;
}

async function send() {
  if (sending || step() !== "ended") return;
  sending = true;
  clearTimeout(retry);
  say("Sending …", "");
  try {
    const answer = await fetch(page.dataset.address, { method: "POST", body: body(), redirect: "manual" });
    if (answer.ok) return arrived(await answer.json());
    if (answer.status === 400) return say("", (await answer.json()).problem);
    if (answer.type === "opaqueredirect" || answer.status === 403) {
      return say("", "You are no longer logged in. The count is kept: reload this page, log in, and send it then.");
    }
    throw new Error(`The server answered ${answer.status}.`);
  } catch {
    say("No answer yet. The count is kept on this phone and sent as soon as the network is back.", "");
    retry = setTimeout(send, RETRY);
  } finally {
    sending = false;
  }
}

function body() {
  const data = new FormData();
  data.set("csrfmiddlewaretoken", page.querySelector("[name=csrfmiddlewaretoken]").value);
  const fields = {
    camera: state.camera, mark: state.key, started: state.started, ended: state.ended, clock: Date.now(),
    entered: count("entered"), staff: count("staff"),
  };
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
}

function arrived({ address }) {
  forget();
  window.location.assign(address);
}

page.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  if (button.dataset.tap) return tap(button.dataset.tap);
  doing[button.dataset.do]?.();
  if (button.dataset.do !== "discard") keep();
  show();
});

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  if (step() !== "running") return;
  if (event.key === "e") tap("entered");
  else if (event.key === "s") tap("staff");
  else if (event.key === "Backspace") { state.taps.pop(); keep(); show(); }
});

window.addEventListener("online", send);
document.addEventListener("visibilitychange", () => { stayAwake(); show(); });
// A page that comes back from the browser's memory may hold a count that was sent meanwhile.
window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
setInterval(tick, 500);
show();
stayAwake();
