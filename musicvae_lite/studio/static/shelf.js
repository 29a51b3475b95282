// The shelf: example songs and dropped files, and the windows of the one that was taken.

import { ask, song } from "./asking.js";
import { roll } from "./drawing.js";
import { state } from "./state.js";

const $ = (id) => document.getElementById(id);
let of = "", asked = 0, shown = 0; // the model of the windows on the page; how many songs were asked for, and the last one shown
export const title = (name) => name.replaceAll(/[-_]+/g, " ").replace(/^\w/, (c) => c.toUpperCase());

// model(): what is played now; put(window, name): takes a window to the pad.
export function wire(examples, { model, put, guarded, say }) {
  const offer = (found, chosen) => {
    for (const other of $("songs").children) other.setAttribute("aria-pressed", String(other === chosen));
    of = model().name;
    $("windows").replaceChildren(...found.windows.map((w) => {
      const named = w.tune || title(found.name);
      const button = document.createElement("button"), canvas = document.createElement("canvas");
      const bars = w.bars[0] === w.bars[1] ? `bar ${w.bars[0]}` : `bars ${w.bars[0]}–${w.bars[1]}`;
      const caption = document.createElement("span");
      caption.textContent = w.tune ? `${bars}, ${named}` : bars;
      button.append(canvas, caption);
      button.setAttribute("aria-label", `${named}, ${bars}`);
      button.addEventListener("click", () => put(w, found.windows.length > 1 ? `${named} ${w.bars[0]}` : named));
      requestAnimationFrame(() => roll(canvas, w.notes, (model().beats * 60) / w.qpm, { small: true, lanes: model().lanes }));
      return button;
    }));
    if (found.share) {
      const told = document.createElement("p");
      told.textContent = found.share;
      $("windows").prepend(told);
    }
    say(`${title(found.name)}: ${found.windows.length} windows${found.share && `, ${found.share}`}`);
  };
  // What comes late, behind the windows of another song or for a model that is no longer chosen, is not shown.
  const take = (button, name, file) => guarded(`song ${name}`, async () => {
    const mine = ++asked, wanted = state.model;
    const found = await song(wanted, name, file).catch((fault) => { if (state.model === wanted) throw fault; });
    if (mine < shown || state.model !== wanted) return;
    shown = mine;
    offer(found, button);
  });
  const made = (text, name, file) => {
    const button = document.createElement("button");
    button.textContent = text;
    button.addEventListener("click", () => take(button, name, file));
    return button;
  };
  const takeFiles = (files) => {
    for (const file of files) {
      const button = made(file.name.slice(0, 40), file.name, file);
      $("songs").prepend(button);
      take(button, file.name, file);
    }
  };
  for (const name of examples) {
    const button = made(title(name), name, null);
    button.dataset.example = name;
    $("songs").append(button);
  }
  $("file").addEventListener("change", () => takeFiles($("file").files));
  document.addEventListener("dragover", (event) => { event.preventDefault(); $("drop").classList.add("over"); });
  document.addEventListener("dragleave", () => $("drop").classList.remove("over"));
  document.addEventListener("drop", (event) => { event.preventDefault(); $("drop").classList.remove("over"); takeFiles(event.dataTransfer.files); });
}

// Leaves the examples that the model takes; files of the visitor's own always stay.
export async function fit(model) {
  const { examples } = await ask("shelf", { model });
  if (state.model !== model) return;
  for (const button of $("songs").querySelectorAll("[data-example]")) button.hidden = !examples.includes(button.dataset.example);
}

// Puts windows away that are of another model.
export function clear(model) {
  if (of === model) return;
  of = "";
  $("windows").replaceChildren();
  for (const button of $("songs").children) button.setAttribute("aria-pressed", "false");
}
