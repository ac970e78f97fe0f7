// data-confirm="Question": asked before a click, a form or an htmx request goes through.
// Optional: data-confirm-title, data-confirm-yes (the verb), data-confirm-danger.
import { openDialog } from "./dialog.js";

const confirmed = new WeakSet();

export function ask(element) {
  const dialog = document.getElementById("confirm");
  const title = dialog.querySelector("[data-confirm-title]");
  const yes = dialog.querySelector("[data-confirm-yes]");
  title.textContent = element.dataset.confirmTitle || title.dataset.default;
  dialog.querySelector("[data-confirm-text]").textContent = element.dataset.confirm;
  yes.textContent = element.dataset.confirmYes || yes.dataset.default;
  yes.classList.toggle("btn-danger", "confirmDanger" in element.dataset);
  yes.classList.toggle("btn-primary", !("confirmDanger" in element.dataset));
  return new Promise((resolve) => {
    const answer = new AbortController();
    yes.addEventListener("click", () => { resolve(true); dialog.close(); }, { signal: answer.signal });
    dialog.addEventListener("close", () => { answer.abort(); resolve(false); }, { once: true });
    openDialog(dialog, element);
  });
}

const asksFor = (element) => element.closest("[data-confirm]");

document.addEventListener("htmx:confirm", (event) => {
  const element = asksFor(event.detail.elt);
  if (!element) return;
  event.preventDefault();
  ask(element).then((yes) => yes && event.detail.issueRequest(true));
});

function guard(type, find) {
  document.addEventListener(type, async (event) => {
    const element = find(event);
    if (!element || element.closest("[hx-post],[hx-get],[hx-put],[hx-delete],[hx-patch]")) return;
    if (confirmed.delete(element)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!(await ask(element))) return;
    confirmed.add(element);
    if (type === "submit") element.requestSubmit(event.submitter);
    else element.click();
  }, { capture: true });
}

guard("click", (event) => event.target.closest?.("a[data-confirm], button[data-confirm]"));
guard("submit", (event) => event.target.matches("form[data-confirm]") && event.target);
