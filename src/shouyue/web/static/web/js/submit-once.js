// A double click sends once; a retry after a lost answer carries the same idempotency key, so the server acts once.
const sent = new WeakMap();
const AGAIN_AFTER = 10000;

const newKey = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
};

const keyOf = (form) => form.querySelector("[data-idempotency-key]");
const buttonsOf = (form) => [...form.elements].filter((element) => element.type === "submit");

function release(form) {
  sent.delete(form);
  for (const button of buttonsOf(form)) button.removeAttribute("aria-busy");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" && !form.matches("[hx-post],[hx-put],[hx-patch],[hx-delete]")) return;
  if (event.defaultPrevented && !form.matches("[hx-post],[hx-put],[hx-patch],[hx-delete]")) return;
  if (Date.now() - (sent.get(form) ?? -Infinity) < AGAIN_AFTER) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  const key = keyOf(form);
  if (key && !key.value) key.value = newKey();
  sent.set(form, Date.now());
  for (const button of buttonsOf(form)) button.setAttribute("aria-busy", "true");
}, { capture: true });

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest("form");
  if (!form) return;
  release(form);
  const key = keyOf(form);
  // the server answered: the next submit is a new act; no answer: the same key again
  if (key && event.detail.xhr.status) key.value = "";
});
document.addEventListener("htmx:confirm", (event) => {
  const form = event.detail.elt.closest("form");
  if (form && event.detail.elt.closest("[data-confirm]")) release(form);
});
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) release(form);
});
