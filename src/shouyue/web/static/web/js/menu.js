// Menus that work without scripts (<details class="dropdown">): Esc and a click elsewhere close them as they do others.
const opened = () => document.querySelector("details.dropdown[open]");

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && !document.querySelector("dialog[open]") ? opened() : null;
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  const menu = opened();
  if (menu && !menu.contains(event.target)) menu.open = false;
});
