// Keeps an open page true: refetches it when the instance says that something changed, and asks before it acts. Every
// page works without it. Markup is made by the server alone: nothing here builds any from text.

/** The shortest time between two refetches, and how much longer than the last one took they are apart. */
const PAUSE = 1_000;
const EASE = 10;
/** When a lost connection is tried again, where the browser doesn't. */
const RETRY = 5_000;
/** How often a page about a run that goes is refetched: how far it is, no event tells. */
const LOOK = 2_000;

document.documentElement.classList.add("scripted");
const live = document.getElementById("live");
/** The server's clock less this page's, in milliseconds: relative times must not depend on the reader's clock. */
let skew = clock(document.querySelector("main")) || 0;
let refetching = false;
let wanted = null;
let ease = 0;

function clock(main) {
  return main.dataset.now && Date.parse(main.dataset.now) - Date.now();
}

// Relative times, in the server's own words.

function relative(millis) {
  const seconds = Math.floor(Math.abs(millis) / 1_000);
  const [count, unit] =
    seconds < 60 ? [seconds, "s"] : seconds < 3_600 ? [Math.floor(seconds / 60), "min"]
    : seconds < 172_800 ? [Math.floor(seconds / 3_600), "h"] : [Math.floor(seconds / 86_400), "d"];
  if (seconds === 0) return "now";
  return millis < 0 ? `in ${count} ${unit}` : `${count} ${unit} ago`;
}

function tick() {
  const now = Date.now() + skew;
  for (const time of document.querySelectorAll("time > .ago")) {
    const text = relative(now - Date.parse(time.parentElement.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
}

// Refetching. The page is changed only where it differs, so that focus, scroll and open parts stay.

/** Makes `old` like `next`, in place. `fresh`: what the reader opened gives way to what the server opens. */
function sync(old, next, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
    return;
  }
  const kept = (name) => name === "open" && old.localName === "details" && !fresh;
  for (const { name } of [...old.attributes]) if (!next.hasAttribute(name) && !kept(name)) old.removeAttribute(name);
  for (const { name, value } of next.attributes) {
    if (old.getAttribute(name) !== value && !kept(name)) old.setAttribute(name, value);
  }
  syncChildren(old, next, fresh);
}

/** Children with an id are the same where the id is; others where they come at the same place and are alike. */
function syncChildren(old, next, fresh) {
  const named = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let place = old.firstChild;
  for (const wish of [...next.childNodes]) {
    let match = wish.id ? named.get(wish.id) : place;
    const alike = match && match.nodeName === wish.nodeName && (match.id ?? "") === (wish.id ?? "");
    if (!alike) match = document.importNode(wish, true);
    if (match !== place) old.insertBefore(match, place);
    else place = place.nextSibling;
    if (alike && !match.isEqualNode(wish)) sync(match, wish, fresh);
  }
  while (place) {
    const rest = place.nextSibling;
    place.remove();
    place = rest;
  }
}

async function refetch(fresh) {
  const begun = performance.now();
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (answer.status === 401 || (answer.redirected && new URL(answer.url).pathname === "/login")) {
    return say("ended", "Your session ended. ", `/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.querySelector("main");
  if (!next) throw new Error("no page");
  const focused = document.activeElement;
  sync(document.querySelector("main"), next, fresh);
  sync(document.querySelector(".who"), page.querySelector(".who"), fresh);
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  document.title = page.title;
  skew = clock(next) || skew;
  sift();
  ease = (performance.now() - begun) * EASE;
  tick();
}

/** Refetches soon, and once for everything that changes until then. Out of sight, it waits until it is seen. */
function refresh(delay = Math.max(PAUSE, ease), fresh = false) {
  if (wanted) fresh ||= wanted.fresh;
  clearTimeout(wanted?.timer);
  wanted = { fresh };
  if (refetching || document.hidden) return;
  wanted.timer = setTimeout(async () => {
    wanted = null;
    refetching = true;
    await refetch(fresh).catch(() => {});
    refetching = false;
    if (wanted) refresh();
  }, delay);
}

// The connection, and what it says about itself.

function say(state, text, login) {
  live.dataset.state = state;
  live.textContent = text;
  if (!login) return;
  const link = document.createElement("a");
  link.href = login;
  link.textContent = "Log in again";
  live.append(link);
}

function connect() {
  const events = new EventSource("/api/v1/events");
  const concerns = ({ data }) => {
    const { job } = document.querySelector("main").dataset;
    try {
      const event = JSON.parse(data);
      const about = event.job ?? event.run?.job;
      return !job || !about || about === job;
    } catch {
      return true;
    }
  };
  for (const name of ["run_started", "run_finished", "job_changed", "reloaded", "store", "lagged"]) {
    events.addEventListener(name, (event) => concerns(event) && !wanted && refresh());
  }
  events.onopen = () => {
    // What changed between the page's making and now, nobody told.
    refresh(0);
    say("live", "Live");
  };
  events.onerror = () => {
    if (live.dataset.state !== "lost" && live.dataset.state !== "ended") {
      say("lost", `Connection lost at ${new Date(Date.now() + skew).toISOString().slice(11, 19)} UTC. Trying again.`);
    }
    if (events.readyState !== EventSource.CLOSED) return;
    setTimeout(connect, RETRY);
    refresh(0);
  };
}

// Filtering is the server's; the rows at hand are hidden until it has answered.

function sift() {
  const words = document.getElementById("q")?.value.trim().toLowerCase() ?? "";
  for (const row of document.querySelectorAll("[data-text]")) row.hidden = !row.dataset.text.includes(words);
  return words;
}

document.addEventListener("input", ({ target }) => {
  if (target.id !== "q") return;
  const words = sift();
  const url = new URL(location.href);
  if (words) url.searchParams.set("q", words);
  else url.searchParams.delete("q");
  history.replaceState(null, "", url);
  refresh(300, true);
});

// Acting: the form of the question's page, in a dialog.

const dialog = document.createElement("dialog");
dialog.setAttribute("aria-labelledby", "confirm-title");
document.body.append(dialog);

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a");
  if (link && dialog.contains(link) && "cancel" in link.dataset) {
    event.preventDefault();
    dialog.close();
  }
  if (!link || !("confirm" in link.dataset) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const answer = await fetch(link.href).catch(() => null);
  const page = answer?.ok && !answer.redirected && new DOMParser().parseFromString(await answer.text(), "text/html");
  const question = page && page.getElementById("confirm");
  if (!question) return location.assign(link.href);
  dialog.replaceChildren(document.adoptNode(question));
  dialog.showModal();
});

// What was just done is said once: out of what is refetched, and not again when the page is loaded anew.
const done = document.querySelector("main > .done");
if (done) {
  document.querySelector("main").before(done);
  const url = new URL(location.href);
  url.searchParams.delete("done");
  history.replaceState(null, "", url);
}

// A second press must not become a second run.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "sent";
});

addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
document.addEventListener("visibilitychange", () => !document.hidden && wanted && refresh(0));
if (live) {
  connect();
  setInterval(() => {
    const goes = document.querySelector("main [data-going]") && live.dataset.state !== "ended";
    if (goes && !wanted && !refetching) refresh();
  }, LOOK);
}
tick();
setInterval(tick, 1_000);
