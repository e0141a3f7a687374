// Keeps the page itself, so that it opens without a network and can say so. Pictures and jobs never pass through here.
const CACHE = 'page-1';
const FILES = ['/', '/static/style.css', '/static/app.js', '/static/api.js', '/static/before-after.js', '/static/history.js', '/static/picture.js',
  '/static/icon.svg', '/manifest.webmanifest'];

self.addEventListener('install', event => event.waitUntil(caches.open(CACHE).then(cache => cache.addAll(FILES)).then(() => self.skipWaiting())));

self.addEventListener('activate', event => event.waitUntil(
  caches.keys().then(names => Promise.all(names.filter(name => name !== CACHE).map(name => caches.delete(name)))).then(() => self.clients.claim())));

self.addEventListener('fetch', event => {
  const path = new URL(event.request.url).pathname;
  if (event.request.method !== 'GET' || !FILES.includes(path)) return;
  event.respondWith((async () => {
    const cache = await caches.open(CACHE);
    try {
      const fresh = await fetch(event.request);
      if (fresh.ok) await cache.put(event.request, fresh.clone());
      return fresh;
    } catch {
      return await cache.match(event.request) ?? Response.error();
    }
  })());
});
