// The page that edits without the server: a browser keeps its files when it is asked to.

const PREFIX = 'offline-';
const PAGE = '/offline/';

/** Whether this browser can keep anything; it cannot over plain HTTP from another machine. */
export const canKeep = 'caches' in globalThis;

/** Whether the page is kept. version: which one; any if none is named. */
export async function isKept(version = '') {
  if (!canKeep) return false;
  for (const name of (await caches.keys()).filter(name => name.startsWith(PREFIX + version))) {
    if (await (await caches.open(name)).match(PAGE)) return true;
  }
  return false;
}

/** Keeps the page that the server offers, {files, version}, and drops an older one. seen(share): hears how much of it is here. */
export async function keep({files, version}, seen) {
  const cache = await caches.open(PREFIX + version);
  for (const [number, file] of files.entries()) {
    await cache.add(PAGE + file);
    seen((number + 1) / (files.length + 1));
  }
  await cache.add(PAGE);  // the last one: a copy that was broken off does not count
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== PREFIX + version) await caches.delete(name);
}
