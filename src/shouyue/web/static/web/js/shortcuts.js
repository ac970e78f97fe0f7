// Keyboard shortcuts, declared where they act: data-shortcut="g q" on a link, button or field.
// The help dialog lists what this page offers, with each element's own label.
import { on } from "./dom.js";

let typed = "";
let timer = 0;

const visible = (element) => element.getClientRects().length > 0 && !element.disabled;

function labelOf(element) {
  return element.dataset.shortcutLabel || element.getAttribute("aria-label") || element.textContent.trim() || element.title;
}

function busy(target) {
  return target.isContentEditable || target.matches("input:not([type=checkbox],[type=radio],[type=button]), textarea, select");
}

function find(keys) {
  const all = [...document.querySelectorAll("[data-shortcut]")];
  const inDialog = document.querySelector("dialog[open]");
  const open = all.filter((element) => !inDialog || inDialog.contains(element));
  return {
    exact: open.find((element) => element.dataset.shortcut === keys && (visible(element) || element.matches("a, [data-dialog-open]"))),
    longer: open.some((element) => element.dataset.shortcut.startsWith(`${keys} `)),
  };
}

function act(element) {
  if (element.matches("input, textarea, select")) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.metaKey || event.altKey) return;
  const withControl = event.ctrlKey;
  if (withControl ? event.key !== "Enter" : event.key.length !== 1) return;
  if (withControl) {
    const submit = event.target.closest?.("form")?.querySelector("[data-shortcut='Ctrl+Enter']");
    if (submit) { event.preventDefault(); submit.click(); }
    return;
  }
  if (busy(event.target)) return;
  clearTimeout(timer);
  const sequence = typed ? `${typed} ${event.key}` : event.key;
  let { exact, longer } = find(sequence);
  if (!exact && !longer && typed) ({ exact, longer } = find(event.key));
  typed = longer && !exact ? event.key : "";
  timer = setTimeout(() => { typed = ""; }, 1200);
  if (!exact) return;
  event.preventDefault();
  act(exact);
});

on("click", "[data-dialog-open='shortcuts']", () => {
  const list = document.querySelector("[data-shortcut-list]");
  list.replaceChildren();
  const seen = new Set();
  for (const element of document.querySelectorAll("[data-shortcut]")) {
    const keys = element.dataset.shortcut;
    if (seen.has(keys)) continue;
    seen.add(keys);
    const term = document.createElement("dt");
    for (const key of keys.split(/[ +](?=.)/)) {
      const kbd = document.createElement("kbd");
      kbd.textContent = key;
      term.append(kbd, " ");
    }
    const text = document.createElement("dd");
    text.textContent = labelOf(element);
    list.append(term, text);
  }
});
