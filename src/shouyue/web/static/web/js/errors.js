// Failed htmx requests: the server's error fragment goes to #alerts, silence becomes a message; nothing is lost.
import { each, given, on } from "./dom.js";
import { toast } from "./toast.js";

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status < 400) {
    const alerts = document.getElementById("alerts");
    if (alerts && event.detail.requestConfig?.verb !== "get") alerts.replaceChildren();
  } else if (xhr.getResponseHeader("X-Error-Fragment")) {
    const open = document.querySelector("dialog[open] .sy-dialog-body");
    if (open) event.detail.target = alertsIn(open);
    event.detail.shouldSwap = true;
  }
});

// An open dialog covers the page's own alert region.
function alertsIn(dialog) {
  let region = dialog.querySelector("[data-dialog-alerts]");
  if (!region) {
    region = document.createElement("div");
    region.dataset.dialogAlerts = "";
    dialog.prepend(region);
  }
  return region;
}

document.addEventListener("htmx:responseError", (event) => {
  if (!event.detail.xhr.getResponseHeader("X-Error-Fragment")) toast(given("failed"), "error");
});
for (const type of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(type, () => toast(given("failed"), "error"));
}

each("[data-focus]", (element) => element.focus({ preventScroll: false }));
on("click", "[data-alert-close]", (_event, button) => button.closest("[role=alert]").remove());
on("click", "[data-reload]", () => location.reload());
on("click", "[data-back]", () => history.back());
