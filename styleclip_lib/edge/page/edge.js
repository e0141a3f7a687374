// Edits faces with an exported domain in the browser: the same steps as run.py, by onnxruntime for WebAssembly.
import * as ort from "./ort/ort.wasm.min.mjs";

const here = new URL(".", import.meta.url);
const byId = (id) => document.getElementById(id);
const status = byId("status");

ort.env.wasm.wasmPaths = new URL("ort/", here).href;
ort.env.wasm.numThreads = 1; // several need headers that a plain file server does not send

class EdgeEditor {
  static async load() {
    const editor = new EdgeEditor();
    const facts = await (await fetched("edge.json")).json();
    const numbers = new Float32Array(await (await fetched("numbers.bin")).arrayBuffer());
    Object.assign(editor, { size: facts.size, texts: facts.texts, capZ: facts.cap_z, longest: facts.longest, arrays: {} });
    let start = 0;
    for (const [name, shape] of Object.entries(facts.arrays)) {
      const count = shape.reduce((a, b) => a * b, 1);
      editor.arrays[name] = { shape, values: numbers.subarray(start, start + count) };
      start += count;
    }
    editor.networks = {};
    for (const name of ["encoder", "codes", "steps", "generator"]) {
      say(`Loading ${name} …`);
      const bytes = new Uint8Array(await (await fetched(`${name}.onnx`)).arrayBuffer());
      editor.networks[name] = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
    }
    return editor;
  }

  async run(name, values, shape) {
    const result = await this.networks[name].run({ x: new ort.Tensor("float32", values, shape) });
    return result.y.data;
  }

  get shapeOfCode() { return [1, ...this.arrays.faces.shape.slice(1)]; }
  get shapeOfImage() { return [1, 3, this.size, this.size]; }
  embed(image) { return this.run("encoder", image, this.shapeOfImage); }
  code(embedding) { return this.run("codes", embedding, [1, embedding.length]); }
  draw(code) { return this.run("generator", code, this.shapeOfCode); }
  invented(number) { return this.row("faces", number); }

  row(name, number) {
    const { shape, values } = this.arrays[name];
    const length = shape.slice(1).reduce((a, b) => a * b, 1);
    return values.slice(number * length, (number + 1) * length);
  }

  // What leads from a face to a text: f(C Δt), with the C that is predicted to make it true.
  async step(embedding, number) {
    const vector = this.row("vectors", number), gain = this.row("gains", number)[0];
    const z = embedding.reduce((sum, value, i) => sum + value * vector[i], 0) - this.row("means", number)[0];
    const c = gain > 0 ? Math.max(0, (this.capZ - z) / gain) : 0;
    const delta = this.row("deltas", number).map((value) => value * c);
    const step = await this.run("steps", delta, [1, delta.length]);
    const [, layers, width] = this.shapeOfCode;
    let length = 0;
    for (let i = 0; i < layers; i++) length += Math.hypot(...step.subarray(i * width, (i + 1) * width)) / layers;
    return step.map((value) => value * Math.min(1, this.longest / Math.max(length, 1e-8)));
  }

  async edited(face, number, strength) {
    const step = await this.step(face.embedding, number);
    return this.draw(face.code.map((value, i) => value + strength * step[i]));
  }
}

async function fetched(name) {
  const response = await fetch(new URL(name, here));
  if (!response.ok) throw new Error(`${name} is missing (${response.status}); export the domain again.`);
  return response;
}

function say(text) { status.textContent = text; }

function show(canvas, image, size) {
  canvas.width = canvas.height = size;
  const pixels = new ImageData(size, size), plane = size * size;
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = Math.round((image[c * plane + i] + 1) * 127.5);
    pixels.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

// The square in the middle of a picture, resized -> Float32Array [3 · size · size] in [-1, 1]
function imageOf(bitmap, size) {
  const side = Math.min(bitmap.width, bitmap.height);
  const canvas = new OffscreenCanvas(size, size), context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, size, size);
  const { data } = context.getImageData(0, 0, size, size), plane = size * size, image = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++) for (let c = 0; c < 3; c++) image[c * plane + i] = data[4 * i + c] / 127.5 - 1;
  return image;
}

let editor, face, running = false, again = false;

// One edit at a time; what was asked for meanwhile is done after it.
async function edit() {
  if (running) { again = true; return; }
  running = true;
  try {
    do {
      again = false;
      const start = performance.now(), strength = Number(byId("strength").value);
      byId("shown").textContent = strength.toFixed(1);
      say("Editing …");
      const image = await editor.edited(face, byId("text").selectedIndex, strength);
      show(byId("after"), image, editor.size);
      say(`${byId("text").value}, strength ${strength.toFixed(1)}`);
      byId("seconds").textContent = `The edit took ${Math.round(performance.now() - start)} ms.`;
    } while (again);
  } catch (error) { say(`That did not work: ${error.message}`); } finally { running = false; }
}

async function take(image, code) {
  const embedding = await editor.embed(image);
  face = { embedding, code: code ?? await editor.code(embedding) };
  show(byId("before"), image, editor.size);
  await edit();
}

function press(button) {
  for (const other of byId("faces").children) other.setAttribute("aria-pressed", String(other === button));
}

async function begin() {
  editor = await EdgeEditor.load();
  byId("text").append(...editor.texts.map((text) => new Option(text)));
  for (let number = 0; number < editor.arrays.faces.shape[0]; number++) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: String(number + 1), ariaLabel: `Invented face ${number + 1}` });
    button.addEventListener("click", async () => {
      press(button);
      const code = editor.invented(number);
      await take(await editor.draw(code), code);
    });
    byId("faces").append(button);
  }
  byId("photo").addEventListener("change", async ({ target }) => {
    if (!target.files.length) return;
    try {
      const bitmap = await createImageBitmap(target.files[0]);
      press(null);
      await take(imageOf(bitmap, editor.size));
    } catch { say("This file is not a picture that the browser can read: choose another one."); }
  });
  byId("text").addEventListener("change", edit);
  byId("strength").addEventListener("input", edit);
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  for (const set of document.querySelectorAll("fieldset")) set.disabled = false;
  byId("faces").firstElementChild.click();
}

byId("back").hidden = here.pathname !== "/offline/"; // where styleclip serve puts this page
begin().catch((error) => say(`The networks could not be loaded: ${error.message}`));
