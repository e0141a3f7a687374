// An edit: it is asked for, followed to its end, and shown.

import {Problem, isOver} from './api.js';
import {take} from './choosing.js';
import * as history from './history.js';
import {$, api, attempt, forget, offline, ready, state} from './page.js';
import {asText, fromText} from './picture.js';
import {sentences} from './report.js';

const JOB = 'job';  // of this tab: the job that runs, and of what, so that a reload goes on with it

/** Asks for what the form says. seen(edit): hears of the edit that came of it. */
export async function go(seen) {
  const text = $('text').value.trim();
  $('text-error').textContent = text ? '' : 'Say what the face should become, such as: a smiling face.';
  if (!text) {
    $('text').focus();
    return;
  }
  $('picture-step').scrollIntoView({block: 'start'});
  const headers = {'Idempotency-Key': crypto.randomUUID?.() ?? String(Math.random())};
  await run(text, () => api.json('/v1/edits', {method: 'POST', body: wish(text), headers}), seen);
}

/** A job that ran when the page was left goes on. */
export async function resume(seen) {
  const kept = JSON.parse(sessionStorage.getItem(JOB) ?? 'null');
  if (!kept) return;
  $('text').value = kept.text;
  take({picture: fromText(kept.picture), seed: kept.seed, face: kept.face});
  await run(kept.text, () => api.json(kept.job.links.self), seen);
}

/** Ends the job with the best so far. */
export async function stop() {
  if (state.job && !isOver(state.job)) await attempt(() => api.request(`${state.job.links.self}/stop`, {method: 'POST'}));
}

/** Shows an edit: {text, before, after, recipe, report}. */
export async function show(edit) {
  await $('compare').both(edit.before, edit.after, edit.text);
  $('report').textContent = edit.report;
  link($('save'), edit.after);
  link($('recipe'), new Blob([JSON.stringify(edit.recipe, null, 2)], {type: 'application/json'}));
  const file = new File([edit.after], 'edited.png', {type: edit.after.type});
  $('share').hidden = !navigator.canShare?.({files: [file]});
  $('share').onclick = () => navigator.share({files: [file], title: edit.text}).catch(() => {});
  $('result-buttons').hidden = false;
}

function wish(text) {
  const form = new FormData();
  if (state.picture) form.append('image', state.picture, 'picture');
  else form.append('face_seed', state.seed);
  if (state.face !== null) form.append('face', state.face);
  if (state.face !== null && $('paste-back').checked) form.append('paste_back', 'true');
  form.append('text', text);
  if ($('neutral').value.trim()) form.append('neutral', $('neutral').value.trim());
  form.append('method', $('method').value);
  form.append('strength', $('automatic').checked ? 'auto' : $('strength').value);
  return form;
}

/** Asks for a job, or takes up one that was asked for before, and shows it until it is over. */
async function run(text, ask, seen) {
  const source = {picture: state.picture, seed: state.seed, face: state.face};
  state.busy = true;
  $('result-buttons').hidden = true;
  $('report').textContent = '';
  ready();
  await attempt(async () => {
    state.job = await ask();
    await keep({...source, text, job: state.job});
    await finish(await api.follow(state.job, follow), text, source, seen);
  });
  sessionStorage.removeItem(JOB);
  state.busy = false;
  $('progress').hidden = true;
  ready();
}

async function keep(running) {
  try {
    sessionStorage.setItem(JOB, JSON.stringify({...running, picture: await asText(running.picture)}));
  } catch {  // more than a tab may keep: after a reload, the picture has to be chosen again
    sessionStorage.setItem(JOB, JSON.stringify({...running, picture: ''}));
  }
}

let shown = 0;  // which picture on the way is on the screen

async function follow(job, lost) {
  state.job = job;
  offline(Boolean(lost));
  $('progress').hidden = false;
  const queued = job.ahead ? `${job.ahead} ${job.ahead === 1 ? 'job waits' : 'jobs wait'} before yours ...` : 'Yours is the next ...';
  const phase = job.phase.charAt(0).toUpperCase() + job.phase.slice(1);
  const counted = job.state === 'running' && job.steps > 0;
  const words = job.state === 'queued' ? queued : counted ? phase : `${phase} ...`;
  if ($('phase').textContent !== words) $('phase').textContent = words;  // screen readers read this out, and do not count steps
  $('step').textContent = counted ? `: step ${job.step} of ${job.steps}` : '';
  if (counted) $('bar').value = job.step / job.steps;
  else $('bar').removeAttribute('value');
  if (job.previews > shown && job.links.preview) {
    shown = job.previews;
    const preview = await api.blob(job.links.preview).catch(() => null);
    if (preview && state.busy && state.job?.id === job.id && shown === job.previews) $('compare').one(preview, 'The face on the way');
  }
}

async function finish(job, text, source, seen) {
  shown = 0;
  state.busy = false;
  if (job.state === 'failed') throw new Problem(job.problem.status, job.problem.detail);
  if (job.state === 'cancelled') throw new Problem(0, 'Stopped before there was anything to show.');
  const [before, after] = await Promise.all([api.blob(job.links.before), api.blob(job.links.picture)]);
  const edit = {text, source, before, after, recipe: job.result.recipe, report: sentences(job.result)};
  await show(edit);
  await history.add(edit).then(seen, () => {});
  forget(job);
}

function link(anchor, blob) {
  if (anchor.href) URL.revokeObjectURL(anchor.href);
  anchor.href = URL.createObjectURL(blob);
}
