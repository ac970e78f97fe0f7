// Short messages: Django's on page load, HX-Trigger's after a fragment. Errors stay until closed.
import { each, on } from "./dom.js";

const LIFETIME = 6000;

export function toast(text, level = "success") {
  const template = document.getElementById("toast-template");
  const box = document.getElementById("toasts");
  if (!template || !box) return;
  const element = template.content.firstElementChild.cloneNode(true);
  element.classList.add(`is-${level}`);
  element.querySelector("[data-toast-text]").textContent = text;
  bringForward(box);
  box.append(element);
  while (box.children.length > 5) box.firstElementChild.remove();
  expire(element);
}

// A modal dialog covers everything outside itself: messages stand in it for as long as it is open.
function bringForward(box) {
  const modal = [...document.querySelectorAll("dialog:modal")].at(-1);
  if (!modal || modal.contains(box)) return;
  modal.append(box);
  modal.addEventListener("close", () => document.body.append(box), { once: true });
}

function expire(element) {
  if (element.classList.contains("is-error")) return;
  let timer = setTimeout(() => element.remove(), LIFETIME);
  element.addEventListener("mouseenter", () => clearTimeout(timer));
  element.addEventListener("mouseleave", () => { timer = setTimeout(() => element.remove(), LIFETIME / 2); });
}

each("#toasts > [data-toast]", expire);
on("click", "[data-toast-close]", (_event, button) => button.closest("[data-toast]").remove());
document.addEventListener("toast", (event) => {
  for (const item of event.detail?.items ?? []) toast(item.text, item.level);
});
