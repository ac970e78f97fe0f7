// j and k walk through the rows of a list, Enter opens the row's first link, as long as no field has the focus.
function walk(step) {
  const rows = [...document.querySelectorAll(".sy-table tbody tr")].filter((row) => row.querySelector("a[href]") && row.getClientRects().length);
  if (!rows.length) return false;
  const current = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[current < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(current + step, 0), rows.length - 1)];
  next.querySelector("a[href]").focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input, textarea, select, [contenteditable]")) return;
  const step = { j: 1, k: -1 }[event.key];
  if (step && walk(step)) event.preventDefault();
});
