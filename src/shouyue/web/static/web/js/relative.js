// Keeps "5 min ago" true: <time data-relative datetime="…">, with the words of the page's language.
import { serverNow } from "./clock.js";

const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });
const steps = [["day", 86400], ["hour", 3600], ["minute", 60]];

function refresh() {
  if (document.hidden) return;
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const seconds = (Date.parse(element.dateTime) - serverNow()) / 1000;
    const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? [];
    if (unit) element.textContent = words.format(Math.trunc(seconds / size), unit);
  }
}

setInterval(refresh, 30000);
