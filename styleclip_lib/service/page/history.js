// What was done before, in this browser's own database.

const MOST = 24;

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('styleclip', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('edits', {keyPath: 'number', autoIncrement: true});
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function act(mode, action) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction('edits', mode);
      const request = action(transaction.objectStore('edits'));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** All edits, the newest first: {number, text, source, before, after, recipe, report}. */
export const all = async () => (await act('readonly', store => store.getAll())).reverse();

export async function add(edit) {
  await act('readwrite', store => store.add(edit));
  const old = (await all()).slice(MOST);
  for (const one of old) await act('readwrite', store => store.delete(one.number));
}

export const clear = () => act('readwrite', store => store.clear());
