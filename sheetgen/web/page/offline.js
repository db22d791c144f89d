// The page's own files, kept for when there is no network; where there is, the host's are newer. The build puts in
// VERSION and FILES.

const MINE = `sheetgen ${self.registration.scope} `; // several pages may share a host
const CACHE = MINE + VERSION;

// Each file is asked for anew: hosts let a browser keep one for minutes, and a former version's would stay for ever.
const fresh = (file) => new Request(file, { cache: "no-cache" });

self.addEventListener("install", (event) => event.waitUntil((async () => {
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES.map(fresh));
})()));

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith(MINE) && name !== CACHE) await caches.delete(name);
  await self.clients.claim();
})()));

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || new URL(event.request.url).origin !== self.location.origin) return;
  event.respondWith((async () => {
    try {
      return await fetch(event.request);
    } catch (error) {
      const cache = await caches.open(CACHE);
      const kept = await cache.match(event.request, { ignoreSearch: true });
      if (kept) return kept;
      throw error;
    }
  })());
});
