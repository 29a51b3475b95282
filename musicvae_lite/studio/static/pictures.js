// The plane of an image model under a moving dot.

import { ask, latest } from "./asking.js";
import { dot, pad, sayPlace } from "./drawing.js";
import { fitting, remember, state, write } from "./state.js";

const $ = (id) => document.getElementById(id);
const SIDE = 11;
let sheet = null, sheetOf = "", opened = null;

async function pictureAt(x, y) {
  const { png } = await ask("picture", { model: state.picture, x, y, label: state.label, seed: state.pseed });
  return `data:image/png;base64,${png}`;
}

const show = latest(async (guarded) => guarded("picture", async () => { $("picture").src = await pictureAt(state.px, state.py); }));

// A sheet of pictures behind the dot, drawn row by row as they arrive.
async function backdrop(guarded) {
  const wanted = `${state.picture} ${state.label} ${state.pseed}`;
  if (wanted === sheetOf) return;
  sheetOf = wanted;
  const mine = new OffscreenCanvas(SIDE * 28, SIDE * 28), pen = mine.getContext("2d");
  sheet = mine;
  for (let row = 0; row < SIDE; row++) {
    await guarded("plane", async () => {
      const line = await Promise.all(Array.from({ length: SIDE }, (_, i) => pictureAt(i / (SIDE - 1), row / (SIDE - 1))));
      for (const [column, address] of line.entries()) {
        const image = new Image();
        image.src = address;
        await image.decode();
        pen.drawImage(image, column * 28, row * 28, 28, 28);
      }
    });
    if (sheet !== mine) return;
    redraw();
  }
}

export function redraw() {
  pad($("plane"), state.px, state.py, sheet);
  sayPlace($("plane"), state.px, state.py);
}

// model: as the server lists it; its labels are offered where they condition it.
export function open(guarded, model) {
  $("label-field").hidden = !model.labels.length;
  $("label").replaceChildren(...model.labels.map((name, i) => new Option(name, String(i))));
  state.label = Math.min(state.label, Math.max(model.labels.length - 1, 0));
  $("label").value = String(state.label);
  $("picture-seed").value = state.pseed;
  $("picture-seed").parentElement.hidden = model.z === 2; // its plane is all there is
  opened = model;
  redraw();
  show(guarded);
  backdrop(guarded);
}

export function prepare(guarded) {
  let isMoving = false;
  dot($("plane"), () => ({ x: state.px, y: state.py }), (x, y) => {
    if (!isMoving) { remember(); isMoving = true; }
    Object.assign(state, { px: x, py: y });
    redraw();
    show(guarded);
  }, () => { isMoving = false; write(); });
  for (const [id, name] of [["label", "label"], ["picture-seed", "pseed"]]) {
    $(id).addEventListener("change", () => { remember(); state[name] = fitting(name, $(id).value); write(); open(guarded, opened); });
  }
}
