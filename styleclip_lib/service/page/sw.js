// Keeps the page itself, so that it opens without a network and can say so. Pictures and jobs never pass through here.
const CACHE = 'page-3';
const FILES = ['/', '/static/style.css', '/static/api.js', '/static/app.js', '/static/before-after.js', '/static/choosing.js',
  '/static/editing.js', '/static/history.js', '/static/offline.js', '/static/page.js', '/static/picture.js', '/static/report.js',
  '/static/icon.svg', '/manifest.webmanifest'];

self.addEventListener('install', event => event.waitUntil(caches.open(CACHE).then(cache => cache.addAll(FILES)).then(() => self.skipWaiting())));

self.addEventListener('activate', event => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith('page-') && name !== CACHE) await caches.delete(name);
  await self.clients.claim();
})()));

self.addEventListener('fetch', event => {
  const path = new URL(event.request.url).pathname;
  if (event.request.method !== 'GET') return;
  if (path.startsWith('/offline/')) event.respondWith(kept(event.request));
  else if (FILES.includes(path)) event.respondWith(fresh(event.request));
});

/** What the browser was told to keep (offline.js); else what the server has. */
async function kept(request) {
  return await caches.match(request) ?? fetch(request);
}

/** What the server has; without it, what it had last time. */
async function fresh(request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch {
    return await cache.match(request) ?? Response.error();
  }
}
