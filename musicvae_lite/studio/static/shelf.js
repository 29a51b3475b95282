// The shelf: example songs and dropped files, and the windows of the one that was taken.

import { ask, song } from "./asking.js";
import { roll } from "./drawing.js";

const $ = (id) => document.getElementById(id);
export const title = (name) => name.replaceAll(/[-_]+/g, " ").replace(/^\w/, (c) => c.toUpperCase());

// model(): what is played now; put(window, name): takes a window to the pad.
export function wire(examples, { model, put, guarded, say }) {
  const offer = (found) => {
    $("windows").replaceChildren(...found.windows.map((w) => {
      const button = document.createElement("button"), canvas = document.createElement("canvas");
      const bars = w.bars[0] === w.bars[1] ? `bar ${w.bars[0]}` : `bars ${w.bars[0]}–${w.bars[1]}`;
      button.append(canvas, bars);
      button.setAttribute("aria-label", `${title(found.name)}, ${bars}`);
      button.addEventListener("click", () => put(w, found.windows.length > 1 ? `${title(found.name)} ${w.bars[0]}` : title(found.name)));
      requestAnimationFrame(() => roll(canvas, w.notes, (model().beats * 60) / w.qpm, { small: true, lanes: model().lanes }));
      return button;
    }));
    say(`${title(found.name)}: ${found.windows.length} windows`);
  };
  const made = (text, name, file) => {
    const button = document.createElement("button");
    button.textContent = text;
    button.addEventListener("click", () => guarded(async () => {
      for (const other of $("songs").children) other.setAttribute("aria-pressed", String(other === button));
      offer(await song(model().name, name, file));
    }));
    return button;
  };
  const takeFiles = (files) => {
    for (const file of files) {
      const button = made(file.name.slice(0, 40), file.name, file);
      $("songs").prepend(button);
      button.click();
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
  for (const button of $("songs").querySelectorAll("[data-example]")) button.hidden = !examples.includes(button.dataset.example);
}

export function clear() {
  $("windows").replaceChildren();
  for (const button of $("songs").children) button.setAttribute("aria-pressed", "false");
}
