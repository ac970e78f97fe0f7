// What behaviours share: run once per element, also for elements that htmx brings later.

const behaviours = [];

function start(root) {
  for (const { selector, init, seen } of behaviours) {
    const found = [...root.querySelectorAll(selector)];
    if (root instanceof Element && root.matches(selector)) found.unshift(root);
    for (const element of found) {
      if (seen.has(element)) continue;
      seen.add(element);
      init(element);
    }
  }
}

/** Call init for each element that matches, now and after every swap, once per element. */
export function each(selector, init) {
  const behaviour = { selector, init, seen: new WeakSet() };
  behaviours.push(behaviour);
  for (const element of document.querySelectorAll(selector)) {
    behaviour.seen.add(element);
    init(element);
  }
}

/** Listen on the document for events on elements that match, whenever they appear. */
export function on(type, selector, handle) {
  document.addEventListener(type, (event) => {
    const element = event.target instanceof Element ? event.target.closest(selector) : null;
    if (element) handle(event, element);
  });
}

/** A value of the body's data attributes: texts and addresses the templates pass to scripts. */
export const given = (name) => document.body.dataset[name] ?? "";

document.addEventListener("htmx:load", (event) => start(event.target));
document.addEventListener("htmx:afterSettle", (event) => start(event.target));
