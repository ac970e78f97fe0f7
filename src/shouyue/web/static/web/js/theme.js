// Look: the choice shows at once, the cookie (and the profile) remembers it.
import { on } from "./dom.js";

on("submit", "[data-theme-form]", (event, form) => {
  event.preventDefault();
  const theme = event.submitter?.value;
  if (!theme) return;
  const root = document.documentElement;
  root.dataset.theme = theme;
  root.dispatchEvent(new Event("theme:change"));
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.value === theme));
  const body = new FormData(form);
  body.set("theme", theme);
  fetch(form.action, { method: "POST", body }).catch(() => {
    document.cookie = `shouyue_theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  });
});
