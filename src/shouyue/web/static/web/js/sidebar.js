// The menu: off-canvas on small screens, folded to icons on large ones.
import { on } from "./dom.js";

const root = document.documentElement;

function open(wanted) {
  root.classList.toggle("nav-open", wanted);
  for (const button of document.querySelectorAll("[data-nav-toggle][aria-expanded]")) button.setAttribute("aria-expanded", String(wanted));
  const target = wanted ? document.querySelector(".sy-nav-link") : document.querySelector(".sy-menu-button");
  target?.focus({ preventScroll: true });
}

on("click", "[data-nav-toggle]", () => open(!root.classList.contains("nav-open")));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && root.classList.contains("nav-open")) open(false);
});
on("click", "[data-nav-fold]", () => {
  const folded = root.dataset.nav !== "folded";
  if (folded) root.dataset.nav = "folded";
  else delete root.dataset.nav;
  document.cookie = `shouyue_nav=${folded ? "folded" : "open"}; path=/; max-age=31536000; samesite=lax`;
});
