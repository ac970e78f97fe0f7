// <section data-live="/queue/pulse/" hx-get="…" hx-trigger="live:change" hx-swap="morph:outerHTML">: asks a cheap
// address every 1.5 s whether anything changed; only then the part itself is fetched. Rests while the tab is hidden,
// backs off while the server is away, and says so.
import { each } from "./dom.js";
import { setServerNow } from "./clock.js";

const EVERY = 1500;
const HIDDEN = 30000;
const SLOWEST = 30000;

function banner(show) {
  const element = document.querySelector("[data-offline]");
  if (element) element.hidden = !show;
}

function sessionEnded(html) {
  const alerts = document.getElementById("alerts");
  if (alerts) alerts.innerHTML = html;
}

function watch(element) {
  let tag = element.dataset.liveVersion ? `"${element.dataset.liveVersion}"` : "";
  let failures = 0;
  let timer = 0;
  let running = false;

  async function ask() {
    if (!element.isConnected) return stop();
    if (running) return;
    running = true;
    try {
      const sent = performance.now();
      const answer = await fetch(element.dataset.live, {
        headers: { "HX-Request": "true", "HX-Current-URL": location.href, ...(tag && { "If-None-Match": tag }) },
        cache: "no-store",
        signal: AbortSignal.timeout(10000),
      });
      if (answer.status === 401) sessionEnded(await answer.text());
      if (answer.status === 401 || answer.status === 403 || answer.redirected) return stop();
      if (!answer.ok && answer.status !== 304) throw new Error(String(answer.status));
      setServerNow(answer.headers.get("X-Server-Now") ?? "", performance.now() - sent);
      const next = answer.headers.get("ETag") ?? "";
      if (answer.status !== 304 && next !== tag) {
        // without data-live-version the first answer only tells where the page stands
        if (!tag || change()) tag = next;
      }
      if (failures) banner(false);
      failures = 0;
    } catch {
      failures += 1;
      if (failures >= 2) banner(true);
    } finally {
      running = false;
    }
    plan();
  }

  function change() {
    // a swap would take the ground from under a menu or a drag; wait for the next beat
    if (element.querySelector(".dropdown-menu.show, [data-live-hold]")) return false;
    element.dispatchEvent(new CustomEvent("live:change", { bubbles: false }));
    return true;
  }

  function plan() {
    clearTimeout(timer);
    const wait = document.hidden ? HIDDEN : Math.min(EVERY * 2 ** failures, SLOWEST);
    timer = setTimeout(ask, wait);
  }

  function stop() {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", wake);
    removeEventListener("online", wake);
  }

  function wake() {
    if (!document.hidden) { failures = Math.min(failures, 1); ask(); }
  }

  document.addEventListener("visibilitychange", wake);
  addEventListener("online", wake);
  ask();
}

// Rows that were not there before light up for a moment.
const known = new WeakMap();
const idsIn = (element) => new Set([...element.querySelectorAll("tr[id]")].map((row) => row.id));
document.addEventListener("htmx:beforeSwap", (event) => {
  const list = event.detail.target;
  if (list.matches?.("[data-live]") && event.detail.requestConfig.triggeringEvent?.type === "live:change") known.set(list, idsIn(list));
});
document.addEventListener("htmx:afterSettle", (event) => {
  const list = event.target.closest?.("[data-live]");
  const before = list && known.get(list);
  if (!before) return;
  known.delete(list);
  for (const row of list.querySelectorAll("tr[id]")) if (!before.has(row.id)) row.classList.add("is-new");
});

addEventListener("offline", () => banner(true));
addEventListener("online", () => banner(false));
if (!navigator.onLine) banner(true);
each("[data-live]", watch);
