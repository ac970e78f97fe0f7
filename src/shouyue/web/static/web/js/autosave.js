// <form data-autosave="ticket-42-note">: unsent text survives an ended session, a conflict, a closed tab's reload.
// Kept per person in this tab's storage; passwords, files and hidden fields never are.
import { each, given } from "./dom.js";

const PREFIX = "draft:";
const SENT = "draft-sent";
const skipped = "[type=password], [type=file], [type=hidden], [type=submit], [data-no-autosave]";

const keyOf = (form) => `${PREFIX}${given("actor")}:${form.dataset.autosave}`;
const fieldsOf = (form) => [...form.elements].filter((field) => field.name && !field.matches(skipped) && !field.matches("button, fieldset"));
const valueOf = (field) => (field.matches("[type=checkbox], [type=radio]") ? field.checked : field.value);
const initialOf = (field) => {
  if (field.matches("[type=checkbox], [type=radio]")) return field.defaultChecked;
  if (field.matches("select")) return ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value ?? "";
  return field.defaultValue;
};
const nameOf = (field, index) => `${index}:${field.name}`;

function save(form) {
  const draft = {};
  fieldsOf(form).forEach((field, index) => {
    if (valueOf(field) !== initialOf(field)) draft[nameOf(field, index)] = valueOf(field);
  });
  try {
    if (Object.keys(draft).length) sessionStorage.setItem(keyOf(form), JSON.stringify(draft));
    else sessionStorage.removeItem(keyOf(form));
  } catch {
    // storage full or forbidden: the form still works
  }
}

function restore(form) {
  const draft = JSON.parse(sessionStorage.getItem(keyOf(form)) ?? "null");
  if (!draft) return;
  let changed = false;
  fieldsOf(form).forEach((field, index) => {
    const kept = draft[nameOf(field, index)];
    if (kept === undefined || kept === valueOf(field)) return;
    if (typeof kept === "boolean") field.checked = kept;
    else field.value = kept;
    changed = true;
  });
  if (changed) announce(form);
}

function announce(form) {
  const note = document.createElement("div");
  note.className = "sy-restored";
  note.setAttribute("role", "status");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = given("discard");
  button.addEventListener("click", () => {
    sessionStorage.removeItem(keyOf(form));
    form.reset();
    note.remove();
  });
  note.append(given("restored"), " ", button);
  form.append(note);
}

// A plain post leads to another page: its draft is dropped there, unless that page is an error or a sign-in.
function dropSent() {
  const sent = sessionStorage.getItem(SENT);
  sessionStorage.removeItem(SENT);
  if (!sent || "keepDrafts" in document.body.dataset) return;
  const form = document.querySelector(`form[data-autosave="${CSS.escape(sent.split(":").at(-1))}"]`);
  if (!form?.querySelector(".is-invalid, [aria-invalid=true]")) sessionStorage.removeItem(sent);
}

dropSent();
each("form[data-autosave]", (form) => {
  restore(form);
  let timer = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => save(form), 300);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    save(form);
    if (!form.matches("[hx-post], [hx-put], [hx-patch]")) sessionStorage.setItem(SENT, keyOf(form));
  });
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest?.("form[data-autosave]");
  if (form && event.detail.requestConfig.verb !== "get" && event.detail.successful) sessionStorage.removeItem(keyOf(form));
});
