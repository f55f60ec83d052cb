"use strict";
// The service worker of the portal. It keeps the static files in the list and the offline
// page. It never keeps an answer of the portal: those hold money and codes. The server fills
// in the list of files, so that a new version has a new worker.

const [offline, ...files] = LIST;
const cacheName = "refill-static";

self.addEventListener("install", (event) => event.waitUntil((async () => {
  const cache = await caches.open(cacheName);
  // Without cookies: the offline page is the same for everybody.
  await cache.addAll([...files, offline].map((file) => new Request(file, { credentials: "omit", cache: "no-cache" })));
  await self.skipWaiting();
})()));

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  const cache = await caches.open(cacheName);
  for (const request of await cache.keys()) {
    const path = new URL(request.url).pathname;
    if (path !== offline && !files.includes(path)) await cache.delete(request);
  }
  await self.clients.claim();
})()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match(offline)));
  } else if (files.includes(new URL(request.url).pathname)) {
    event.respondWith(caches.match(request, { ignoreVary: true }).then((found) => found ?? fetch(request)));
  }
});
