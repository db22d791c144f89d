// The page's own files, kept so that it works without the network. VERSION and FILES are put in by the build.

const CACHE = `sheetgen ${VERSION}`;

// Each file is asked for anew: hosts let a browser keep one for minutes, and a former version's would stay for ever.
const fresh = (file) => new Request(file, { cache: "no-cache" });

self.addEventListener("install", (event) => event.waitUntil((async () => {
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES.map(fresh));
})()));

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith("sheetgen ") && name !== CACHE) await caches.delete(name);
  await self.clients.claim();
})()));

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || new URL(event.request.url).origin !== self.location.origin) return;
  event.respondWith((async () => {
    const cache = await caches.open(CACHE);
    const kept = await cache.match(event.request, { ignoreSearch: true });
    return kept ?? fetch(event.request);
  })());
});
