// The page: a picture, a wish, a result. This file starts it and connects its parts.

import './before-after.js';
import {Offline} from './api.js';
import {choose, invent, take} from './choosing.js';
import {go, resume, show, stop} from './editing.js';
import * as history from './history.js';
import {canKeep, isKept, keep} from './offline.js';
import {$, api, attempt, offline, ready, state} from './page.js';

const QUICKEST = 'directions';

// --- the server -----------------------------------------------------------------------------------------------------------

async function start() {
  await attempt(connect);
  if (!state.domain) return;
  $('notes').textContent = '';
  suggest('texts', 'text', state.domain.texts);
  suggest('descriptions', 'neutral', state.domain.descriptions);
  const methods = state.domain.methods.filter(one => one.needs_text);
  $('method').replaceChildren(...methods.map(one => new Option(one.title, one.method)));
  if (methods.some(one => one.method === QUICKEST)) $('method').value = QUICKEST;
  explain();
  ready();
  device();
  watch();
  await resume(list);
}

async function connect() {
  for (let pause = 500; ; pause = Math.min(2 * pause, 10000)) {
    try {
      [state.domain] = await api.json('/v1/domains');
      offline(false);
      return;
    } catch (error) {
      if (!(error instanceof Offline) && error.status !== 503) throw error;
      offline(error instanceof Offline);
      if (!state.busy) $('notes').textContent = error instanceof Offline ? '' : 'The server is still loading its models ...';
    }
    await new Promise(resolve => setTimeout(resolve, pause));
  }
}

/** Asks now and then whether the server is still there. */
async function watch() {
  for (;;) {
    await new Promise(resolve => setTimeout(resolve, $('offline').hidden ? 15000 : 2000));
    if (document.hidden) continue;
    await fetch('/healthz').then(answer => offline(!answer.ok), () => offline(true));
  }
}

// --- the wish -------------------------------------------------------------------------------------------------------------

function suggest(where, target, texts) {
  $(where).replaceChildren(...texts.map(text => {
    const chip = Object.assign(document.createElement('button'), {type: 'button', textContent: text});
    chip.addEventListener('click', () => { $(target).value = text; $('text-error').textContent = ''; });
    return chip;
  }));
}

function explain() {
  const method = state.domain.methods.find(one => one.method === $('method').value);
  $('method-about').textContent = method ? method.about : '';
}

function showStrength() {
  $('strength').disabled = $('automatic').checked;
  $('strength-shown').textContent = $('automatic').checked ? 'automatic' : Number($('strength').value).toFixed(2);
}

// --- history --------------------------------------------------------------------------------------------------------------

let thumbs = [];

async function list() {
  const edits = await history.all().catch(() => []);
  thumbs.forEach(url => URL.revokeObjectURL(url));
  thumbs = edits.map(edit => URL.createObjectURL(edit.after));
  $('history-step').hidden = edits.length === 0;
  $('history').replaceChildren(...edits.map((edit, number) => {
    const item = document.createElement('li');
    const button = Object.assign(document.createElement('button'), {type: 'button'});
    button.append(Object.assign(new Image(), {src: thumbs[number], alt: ''}), edit.text);
    button.addEventListener('click', () => again(edit));
    item.append(button);
    return item;
  }));
}

/** Shows an earlier edit; its picture is the one to change from now on. */
async function again(edit) {
  if (state.busy) return;
  take(edit.source ?? {picture: null, seed: null, face: null});
  $('notes').textContent = '';
  $('text').value = edit.text;
  await show(edit);
  $('picture-step').scrollIntoView({block: 'start'});
}

// --- without the server ---------------------------------------------------------------------------------------------------

/** Shows what can be kept on this device, and whether it is. */
async function device() {
  const offer = state.domain?.offline;
  const [any, latest] = await Promise.all([isKept(), isKept(offer?.version)]);
  $('offline-link').hidden = !any;
  $('device-step').hidden = !(any || (offer && canKeep));
  $('keep').hidden = !offer || latest;
  $('device-size').textContent = latest ? 'It is on this device.' : offer ? `It takes ${Math.ceil(offer.megabytes)} MB.` : '';
}

async function keepHere() {
  $('keep').disabled = true;
  await attempt(() => keep(state.domain.offline, share => { $('kept').textContent = `Downloading: ${Math.round(100 * share)} % ...`; }));
  $('kept').textContent = '';
  $('keep').disabled = false;
  await device();
}

// --- everything together --------------------------------------------------------------------------------------------------

for (const id of ['camera', 'file']) {
  $(id).addEventListener('change', event => {
    choose(event.target.files[0]);
    event.target.value = '';
  });
}
document.addEventListener('dragover', event => event.preventDefault());
document.addEventListener('drop', event => {
  event.preventDefault();
  choose(event.dataTransfer.files[0]);
});
document.addEventListener('paste', event => choose(event.clipboardData.files[0]));
$('invent').addEventListener('click', invent);
$('form').addEventListener('submit', event => {
  event.preventDefault();
  if (!$('go').disabled) go(list);
});
$('stop').addEventListener('click', stop);
$('method').addEventListener('change', explain);
$('strength').addEventListener('input', showStrength);
$('automatic').addEventListener('change', showStrength);
$('clear').addEventListener('click', () => history.clear().then(list));
$('keep').addEventListener('click', keepHere);
window.addEventListener('online', () => offline(false));
window.addEventListener('offline', () => offline(true));
navigator.serviceWorker?.register('/sw.js').catch(() => {});
list();
device();
start();
