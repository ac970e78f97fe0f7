// Registers the worker that shows the offline page. One per language and release: a new address installs anew.
import { given } from "./dom.js";

if (navigator.serviceWorker && given("worker")) {
  addEventListener("load", () => navigator.serviceWorker.register(given("worker"), { scope: "/" }).catch(() => {}));
}
