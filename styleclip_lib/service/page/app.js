// The page: a picture, a wish, a result.

import './before-after.js';
import {Api, Offline, Problem, isOver} from './api.js';
import * as history from './history.js';
import {prepared} from './picture.js';

const $ = id => document.getElementById(id);
const compare = $('compare');
const QUICKEST = 'directions';
const JOB = 'job';  // of this tab: the job that runs, so that a reload goes on with it

const state = {picture: null, seed: null, face: null, job: null, domain: null, busy: false};
let choice = 0;  // grows with every picture, so that what belonged to the one before is dropped

const api = new Api(() => new Promise(resolve => {
  const dialog = $('key-dialog');
  dialog.onclose = () => resolve($('key').value);
  dialog.showModal();
}));

// --- the server -----------------------------------------------------------------------------------------------------------

function offline(is) {
  $('offline').hidden = !is;
}

/** Does something that asks the server; what goes wrong is said. */
async function attempt(action) {
  $('problem').textContent = '';
  try {
    return await action();
  } catch (error) {
    if (error instanceof Offline) offline(true);
    $('problem').textContent = error instanceof Problem || error instanceof Offline ? error.message : `Something went wrong: ${error.message}`;
  }
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
  watch();
  await resume();
}

/** Asks now and then whether the server is still there. */
async function watch() {
  for (;;) {
    await new Promise(resolve => setTimeout(resolve, $('offline').hidden ? 15000 : 2000));
    if (document.hidden) continue;
    await fetch('/healthz').then(answer => offline(!answer.ok), () => offline(true));
  }
}

// --- the picture ----------------------------------------------------------------------------------------------------------

async function choose(file) {
  if (!file) return;
  const mine = ++choice;
  Object.assign(state, {picture: null, seed: null, face: null});
  ready();
  const picture = await prepared(file);
  if (mine !== choice) return;
  compare.one(picture, 'The picture that you chose');
  $('faces').hidden = true;
  $('notes').textContent = 'Looking for faces ...';
  const form = new FormData();
  form.append('image', picture, 'picture');
  const job = await attempt(() => api.job('/v1/faces', form, (job, lost) => offline(Boolean(lost))));
  if (job) forget(job);
  if (mine !== choice) return;
  $('notes').textContent = '';
  if (!job) return;
  if (job.state !== 'done') {
    $('problem').textContent = job.problem?.detail ?? 'The search was cancelled.';
    return;
  }
  state.picture = picture;
  offerFaces(job.result);
  ready();
}

function offerFaces({faces, notes}) {
  const several = faces.length > 1;
  $('faces-legend').textContent = several ? `${faces.length} faces: whose shall change?` : 'This face will change';
  $('face-choices').replaceChildren(...faces.map(face => {
    const label = document.createElement('label');
    const input = Object.assign(document.createElement('input'), {type: 'radio', name: 'face', value: face.number, checked: face.number === 0});
    input.addEventListener('change', () => { state.face = face.number; });
    const image = Object.assign(new Image(), {src: face.crop, alt: several ? `Face ${face.number + 1}` : 'The face'});
    label.append(input, image);
    return label;
  }));
  state.face = faces[0].quad ? 0 : null;
  $('faces').hidden = false;
  $('notes').textContent = notes.join(' ');
}

async function invent() {
  const mine = ++choice;
  const seed = Math.floor(Math.random() * 1000000);
  $('faces').hidden = true;
  $('notes').textContent = 'Inventing a face ...';
  const form = new FormData();
  form.append('seed', seed);
  const picture = await attempt(async () => {
    const job = await api.job('/v1/samples', form);
    if (job.state !== 'done') throw new Problem(0, job.problem?.detail ?? 'It was cancelled.');
    return api.blob(job.links.picture).finally(() => forget(job));
  });
  if (mine !== choice) return;
  $('notes').textContent = picture ? `Nobody: the generator invented this face (seed ${seed}).` : '';
  if (!picture) return;
  Object.assign(state, {picture: null, seed, face: null});
  compare.one(picture, 'An invented face');
  ready();
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
  $('strength-shown').textContent = $('automatic').checked ? 'as much as it takes' : Number($('strength').value).toFixed(2);
}

function ready() {
  const has = state.picture !== null || state.seed !== null;
  $('go').disabled = !has || state.busy;
  $('stop').hidden = !state.busy;
  $('paste-back').disabled = state.face === null;
}

function wish() {
  const form = new FormData();
  if (state.picture) form.append('image', state.picture, 'picture');
  else form.append('face_seed', state.seed);
  if (state.face !== null) form.append('face', state.face);
  if (state.face !== null && $('paste-back').checked) form.append('paste_back', 'true');
  form.append('text', $('text').value.trim());
  if ($('neutral').value.trim()) form.append('neutral', $('neutral').value.trim());
  form.append('method', $('method').value);
  form.append('strength', $('automatic').checked ? 'auto' : $('strength').value);
  return form;
}

async function go(event) {
  event.preventDefault();
  if (!$('text').value.trim()) {
    $('text-error').textContent = 'Say what the face should become, such as: a smiling face.';
    $('text').focus();
    return;
  }
  $('text-error').textContent = '';
  const text = $('text').value.trim();
  $('result-step').scrollIntoView({block: 'nearest'});
  await run(text, () => api.json('/v1/edits', {method: 'POST', body: wish(), headers: {'Idempotency-Key': crypto.randomUUID?.() ?? String(Math.random())}}));
}

/** Asks for a job, or takes up one that was asked for before, and shows it until it is over. */
async function run(text, ask) {
  state.busy = true;
  $('result-buttons').hidden = true;
  $('report').textContent = '';
  ready();
  await attempt(async () => {
    state.job = await ask();
    sessionStorage.setItem(JOB, JSON.stringify({text, job: state.job}));
    const job = await api.follow(state.job, seen);
    await finish(job, text);
  });
  sessionStorage.removeItem(JOB);
  state.busy = false;
  $('progress').hidden = true;
  ready();
}

let shown = 0;  // which preview is on the screen

async function seen(job, lost) {
  state.job = job;
  offline(Boolean(lost));
  $('progress').hidden = false;
  const queued = job.ahead ? `${job.ahead} ${job.ahead === 1 ? 'job waits' : 'jobs wait'} before yours ...` : 'Yours is the next ...';
  const counted = job.steps ? `${job.phase}: step ${job.step} of ${job.steps}` : `${job.phase} ...`;
  const words = job.state === 'queued' ? queued : counted;
  if ($('step-now').textContent !== words) $('step-now').textContent = words;
  if (job.steps && job.state === 'running') $('bar').value = job.step / job.steps;
  else $('bar').removeAttribute('value');
  if (job.previews > shown && job.links.preview) {
    shown = job.previews;
    const preview = await api.blob(job.links.preview).catch(() => null);
    if (preview && state.busy && state.job?.id === job.id && shown === job.previews) compare.one(preview, 'The face on the way');
  }
}

async function finish(job, text) {
  shown = 0;
  state.busy = false;
  if (job.state === 'failed') throw new Problem(job.problem.status, job.problem.detail);
  if (job.state === 'cancelled') throw new Problem(0, 'Stopped before there was anything to show.');
  const [before, after] = await Promise.all([api.blob(job.links.before), api.blob(job.links.picture)]);
  const edit = {text, before, after, recipe: job.result.recipe, report: told(job.result)};
  await show(edit);
  await history.add(edit).then(list, () => {});
  forget(job);
}

/** What a job has led to is here now: the server need not keep it. */
function forget(job) {
  api.request(job.links.self, {method: 'DELETE'}).catch(() => {});
}

function told({report, notes}) {
  const sentences = [];
  const reached = Object.values(report.successes);
  if (report.true_before) sentences.push('It was so before.');
  else if (reached.length) sentences.push(reached.every(Boolean) ? 'The face has what you asked for.' : 'The face does not quite have what you asked for.');
  const side = Object.keys(report.side_effects).map(name => name.replaceAll('_', ' '));
  if (side.length) sentences.push(`Also changed: ${side.join(', ')}.`);
  sentences.push(`Likeness to the face before: ${Math.round(100 * Math.max(0, report.identity))} %.`);
  return [...sentences, ...notes].join(' ');
}

async function show(edit) {
  await compare.both(edit.before, edit.after, edit.text);
  $('report').textContent = edit.report;
  link($('save'), edit.after);
  link($('recipe'), new Blob([JSON.stringify(edit.recipe, null, 2)], {type: 'application/json'}));
  const file = new File([edit.after], 'edited.png', {type: edit.after.type});
  $('share').hidden = !navigator.canShare?.({files: [file]});
  $('share').onclick = () => navigator.share({files: [file], title: edit.text}).catch(() => {});
  $('result-buttons').hidden = false;
}

function link(anchor, blob) {
  if (anchor.href) URL.revokeObjectURL(anchor.href);
  anchor.href = URL.createObjectURL(blob);
}

async function stop() {
  if (state.job && !isOver(state.job)) await attempt(() => api.request(`${state.job.links.self}/stop`, {method: 'POST'}));
}

/** A job that ran when the page was left goes on. */
async function resume() {
  const kept = JSON.parse(sessionStorage.getItem(JOB) ?? 'null');
  if (!kept) return;
  $('text').value = kept.text;
  await run(kept.text, () => api.json(kept.job.links.self));
}

// --- before now -----------------------------------------------------------------------------------------------------------

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
    button.addEventListener('click', () => {
      if (state.busy) return;
      show(edit);
      $('result-step').scrollIntoView({block: 'start'});
    });
    item.append(button);
    return item;
  }));
}

// --- everything together --------------------------------------------------------------------------------------------------

for (const id of ['camera', 'file']) {
  $(id).addEventListener('change', event => {
    choose(event.target.files[0]);
    event.target.value = '';
  });
}
$('invent').addEventListener('click', invent);
$('form').addEventListener('submit', go);
$('stop').addEventListener('click', stop);
$('method').addEventListener('change', explain);
$('strength').addEventListener('input', showStrength);
$('automatic').addEventListener('change', showStrength);
$('clear').addEventListener('click', () => history.clear().then(list));
window.addEventListener('online', () => offline(false));
window.addEventListener('offline', () => offline(true));
navigator.serviceWorker?.register('/sw.js').catch(() => {});
list();
start();
