// What all parts of the page share: its state, the server, and how it speaks to whoever looks at it.

import {Api, Offline, Problem} from './api.js';

export const $ = id => document.getElementById(id);

/** picture, seed, face: what is to change, a file or an invented face, and which face of several; job: the one that runs. */
export const state = {picture: null, seed: null, face: null, job: null, domain: null, busy: false};

export const api = new Api(wrong => new Promise(resolve => {
  const dialog = $('key-dialog');
  $('key-error').textContent = wrong ? 'This is not the key of this server.' : '';
  dialog.returnValue = '';
  dialog.onclose = () => resolve(dialog.returnValue ? $('key').value.trim() : '');
  dialog.showModal();
}));

/** What can be done now. */
export function ready() {
  const has = state.picture !== null || state.seed !== null;
  $('go').disabled = !has || state.busy;
  $('sources').inert = state.busy;
  $('paste-back').disabled = state.face === null;
}

export function offline(is) {
  $('offline').hidden = !is;
}

export function complain(sentence) {
  $('problem').textContent = sentence;
  $('problem').scrollIntoView({block: 'nearest'});
}

/** Does something that asks the server; what goes wrong is said. */
export async function attempt(action) {
  $('problem').textContent = '';
  try {
    return await action();
  } catch (error) {
    if (error instanceof Offline) offline(true);
    complain(error instanceof Problem || error instanceof Offline ? error.message : `Something went wrong: ${error.message}`);
  }
}

/** What a job has led to is here now: the server need not keep it. */
export function forget(job) {
  api.request(job.links.self, {method: 'DELETE'}).catch(() => {});
}
