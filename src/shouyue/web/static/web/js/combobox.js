// Typeahead after the ARIA combobox pattern: the server answers ?q= with options, arrows choose, Enter takes.
import { each } from "./dom.js";

each("[data-combobox]", (box) => {
  const input = box.querySelector("[role=combobox]");
  const value = box.querySelector("[data-combobox-value]");
  const list = box.querySelector("[role=listbox]");
  let request = null;
  let timer = 0;
  let taken = input.value;

  const options = () => [...list.querySelectorAll("[role=option]:not([aria-disabled=true])")];
  const current = () => list.querySelector("[aria-selected=true]");

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(option) {
    current()?.setAttribute("aria-selected", "false");
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function show() {
    list.querySelectorAll("[role=option]").forEach((option, index) => { option.id = `${list.id}-${index}`; });
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }

  function say(text) {
    const line = document.createElement("div");
    line.className = "sy-option";
    line.setAttribute("role", "option");
    line.setAttribute("aria-disabled", "true");
    line.textContent = text;
    list.replaceChildren(line);
    show();
  }

  async function search() {
    request?.abort();
    request = new AbortController();
    const url = new URL(box.dataset.combobox, location.href);
    url.searchParams.set("q", input.value.trim());
    try {
      const answer = await fetch(url, { headers: { "HX-Request": "true" }, signal: request.signal });
      if (!answer.ok) return say(box.dataset.failed);
      list.innerHTML = await answer.text();
      if (!list.querySelector("[role=option]")) return say(box.dataset.none);
      show();
      if (input.value.trim()) mark(options()[0]);
    } catch (error) {
      if (error.name !== "AbortError") say(box.dataset.failed);
    }
  }

  function take(option) {
    input.value = taken = option.dataset.label;
    value.value = option.dataset.value;
    close();
    value.dispatchEvent(new Event("change", { bubbles: true }));
    box.dispatchEvent(new CustomEvent("combobox:take", { bubbles: true, detail: { ...option.dataset } }));
  }

  function leave() {
    close();
    request?.abort();
    clearTimeout(timer);
    if ("free" in box.dataset || input.value === taken) return;
    if (input.value.trim() === "") taken = "";
    else input.value = taken;
    if (!taken) value.value = "";
  }

  input.addEventListener("input", () => {
    if ("free" in box.dataset) value.value = "";
    clearTimeout(timer);
    timer = setTimeout(search, 180);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const all = options();
    const index = all.indexOf(current());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return void search();
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark(all[(index + step + all.length) % all.length]);
    } else if (event.key === "Enter" && !list.hidden && current()) {
      event.preventDefault();
      take(current());
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Tab" && !list.hidden && current() && input.value.trim()) {
      take(current());
    }
  });
  input.addEventListener("blur", () => setTimeout(() => !box.contains(document.activeElement) && leave(), 120));
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]:not([aria-disabled=true])");
    if (option) take(option);
  });
});
