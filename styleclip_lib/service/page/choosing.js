// The picture: taken, uploaded, dropped, pasted, or invented; and whose face in it.

import {Problem} from './api.js';
import {$, api, attempt, complain, forget, offline, ready, state} from './page.js';
import {prepared} from './picture.js';

let choice = 0;  // grows with every picture, so that what belonged to the one before is dropped

/** Takes a file as the picture to change, and looks for faces in it. */
export async function choose(file) {
  if (!file || state.busy) return;
  const mine = take({picture: null, seed: null, face: null});
  const picture = await prepared(file);
  if (mine !== choice) return;
  present(picture, 'The picture that you chose');
  $('notes').textContent = 'Looking for faces ...';
  const form = new FormData();
  form.append('image', picture, 'picture');
  const job = await attempt(() => api.job('/v1/faces', form, (job, lost) => offline(Boolean(lost))));
  if (job) forget(job);
  if (mine !== choice) return;
  $('notes').textContent = '';
  if (!job) return;
  if (job.state !== 'done') {
    complain(job.problem?.detail ?? 'The search was cancelled.');
    return;
  }
  state.picture = picture;
  offerFaces(job.result);
  ready();
}

/** Has the server invent a face, which is the one to change from now on. */
export async function invent() {
  const mine = ++choice;
  const seed = Math.floor(Math.random() * 1000000);
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
  take({picture: null, seed, face: null});
  present(picture, 'An invented face');
}

/** Makes something the source of the next edit. Returns its number, which is `choice` until another one comes. */
export function take(source) {
  Object.assign(state, source);
  $('faces').hidden = true;
  ready();
  return ++choice;
}

/** Shows the picture that is to change; the result of the last one goes out of sight. */
function present(picture, alt) {
  $('compare').one(picture, alt);
  $('report').textContent = '';
  $('result-buttons').hidden = true;
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
