// The server's clock. Counted with the monotonic timer, so a wrong or corrected device clock changes nothing.
import { given } from "./dom.js";

let base = Date.parse(given("serverNow")) || Date.now();
let mark = performance.getEntriesByType("navigation")[0]?.responseStart ?? performance.now();
let asking = false;

/** The server's time in milliseconds. */
export const serverNow = () => base + performance.now() - mark;

/** Set the clock by a time the server just sent; took: milliseconds the answer was under way. */
export function setServerNow(text, took = 0) {
  const time = Date.parse(text);
  if (Number.isNaN(time)) return;
  base = time + took / 2;
  mark = performance.now();
}

async function resync() {
  if (asking || document.hidden || !given("nowUrl")) return;
  asking = true;
  try {
    const sent = performance.now();
    const answer = await fetch(given("nowUrl"), { cache: "no-store" });
    if (answer.ok) setServerNow((await answer.json()).now, performance.now() - sent);
  } catch {
    // offline: the monotonic clock goes on, the next wake-up asks again
  } finally {
    asking = false;
  }
}

document.addEventListener("visibilitychange", resync);
addEventListener("pageshow", (event) => event.persisted && resync());
document.addEventListener("htmx:afterRequest", (event) => {
  const text = event.detail.xhr?.getResponseHeader("X-Server-Now");
  if (text) setServerNow(text);
});
