/* Opens the explanation of an obligation beside the page; without scripts the link leads to its own page. */
document.addEventListener("click", async (event) => {
  const close = event.target.closest("[data-explain-close]");
  if (close) {
    close.closest("dialog").close();
    return;
  }
  const link = event.target.closest("a[data-explain]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const drawer = link.closest(".sy-promises")?.querySelector("[data-explain-drawer]");
  if (!drawer) return;
  event.preventDefault();
  try {
    const answer = await fetch(link.href, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    drawer.querySelector("[data-explain-body]").innerHTML = await answer.text();
    drawer.showModal();
  } catch {
    window.location.assign(link.href);
  }
});
