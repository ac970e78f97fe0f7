// Filter bars. On phones all but the search folds behind one button (<details>); what somebody opened stays open when
// the list is fetched again. `data-submit-on-change` sends a form of selects at once.
const shown = new Set();
const narrow = matchMedia("(max-width: 575.98px)");
const styled = CSS.supports("selector(::details-content)"); // else the wide layout needs them open

function arrange() {
  for (const box of document.querySelectorAll("details.sy-more")) {
    box.open = shown.has(box.id) || (!styled && !narrow.matches);
  }
}

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("details.sy-more > summary")?.parentElement;
  if (!box) return;
  if (box.open) shown.delete(box.id);
  else shown.add(box.id);
});
document.addEventListener("change", (event) => {
  if (event.target.closest?.("[data-submit-on-change]")) event.target.form?.requestSubmit();
});
document.addEventListener("htmx:afterSwap", arrange);
narrow.addEventListener("change", arrange);
if (!styled) arrange();
