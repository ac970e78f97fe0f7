// Dialogs and the drawer: native <dialog>, focus comes back to where it was.
import { on } from "./dom.js";

const FIRST_FIELD = ":is(input:not([type=hidden]), select, textarea):not(:disabled)";

export function openDialog(dialog, opener = document.activeElement) {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  dialog.addEventListener("close", () => opener?.isConnected && opener.focus(), { once: true });
}

on("click", "[data-dialog-open]", (event, button) => {
  event.preventDefault();
  openDialog(document.getElementById(button.dataset.dialogOpen), button);
});
on("click", "[data-dialog-close]", (_event, button) => button.closest("dialog").close());
on("click", "dialog.sy-dialog", (event, dialog) => {
  if (event.target !== dialog || !dialog.classList.contains("sy-drawer")) return;
  dialog.close();
});

// <a data-drawer hx-get="…" hx-target="#drawer-body">: opens when the part has arrived.
// Inside a live part the link would inherit a swap that replaces its target, the drawer's own body.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "drawer-body" && event.detail.requestConfig.elt.matches("[data-drawer]"))
    event.detail.swapOverride = "innerHTML";
});
document.addEventListener("htmx:afterSwap", (event) => {
  const source = event.detail.requestConfig?.elt;
  if (event.target.id !== "drawer-body" || !source?.matches("[data-drawer]")) return;
  const drawer = document.getElementById("drawer");
  const title = source.dataset.drawer || source.textContent.trim();
  if (title) drawer.querySelector("[data-drawer-title]").textContent = title;
  openDialog(drawer, source);
  // A keyboard writes at once; on a phone the keyboard on the screen would cover the form.
  if (matchMedia("(pointer: fine)").matches) event.target.querySelector(FIRST_FIELD)?.focus();
});
// HX-Trigger: dialog:close — a form inside has done its work.
document.addEventListener("dialog:close", () => {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
});
