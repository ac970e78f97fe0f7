// Live countdowns: <time data-countdown="due" data-warn="instant">. States ok, warn, overdue; one timer for all.
import { given } from "./dom.js";
import { serverNow } from "./clock.js";

const DAY = 86400;

export function countdownText(seconds) {
  const total = Math.floor(Math.abs(seconds));
  if (total >= 2 * DAY) {
    const hours = Math.floor((total % DAY) / 3600);
    const words = [`${Math.floor(total / DAY)}${given("day")}`];
    if (hours) words.push(`${hours}${given("hour")}`);
    return words.join(/^[a-z ]/i.test(given("day")) ? " " : "");
  }
  const hour = Math.floor(total / 3600);
  const minute = Math.floor((total % 3600) / 60);
  const second = String(total % 60).padStart(2, "0");
  return hour ? `${hour}:${String(minute).padStart(2, "0")}:${second}` : `${minute}:${second}`;
}

function show(element, now) {
  const due = Date.parse(element.dataset.countdown);
  if (Number.isNaN(due)) return;
  const left = (due - now) / 1000;
  const warn = Date.parse(element.dataset.warn);
  const state = left < 0 ? "overdue" : warn <= now ? "warn" : "ok";
  if (!element.classList.contains(`is-${state}`)) {
    element.classList.remove("is-ok", "is-warn", "is-overdue");
    element.classList.add(`is-${state}`);
    element.dispatchEvent(new CustomEvent(`countdown:${state}`, { bubbles: true }));
  }
  const text = given(left < 0 ? "over" : "left").replace("{time}", countdownText(left));
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  const now = serverNow();
  if (!document.hidden) for (const element of document.querySelectorAll("[data-countdown]")) show(element, now);
  setTimeout(tick, 1000 - (serverNow() % 1000) + 5);
}

document.addEventListener("htmx:afterSettle", () => {
  for (const element of document.querySelectorAll("[data-countdown]")) show(element, serverNow());
});
tick();
