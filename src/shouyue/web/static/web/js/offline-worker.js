// Service worker: shows the offline page when a page cannot be fetched. Stores that page and its files, nothing else:
// no customer data ever lies on the device.
const CACHE = `offline${self.location.search}`;
const PAGE = "/offline/";

async function fill() {
  const cache = await caches.open(CACHE);
  const page = await fetch(PAGE, { cache: "reload" });
  const html = await page.clone().text();
  const files = [...html.matchAll(/(?:href|src)="(\/static\/[^"#]+)/g)].map((match) => match[1]);
  const sprite = html.match(/href="(\/static\/[^"#]+)#/)?.[1];
  await cache.addAll([...new Set(sprite ? [...files, sprite] : files)]);
  await cache.put(PAGE, page);
}

async function clean() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

async function navigate(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return (await caches.match(PAGE)) ?? Response.error();
  }
}

async function file(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(request, { ignoreSearch: true })) ?? Response.error();
  }
}

self.addEventListener("install", (event) => event.waitUntil(fill().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(clean()));
self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  if (event.request.mode === "navigate") event.respondWith(navigate(event));
  else if (!navigator.onLine && new URL(event.request.url).pathname.startsWith("/static/")) event.respondWith(file(event.request));
});
