// A slider for each attribute that the model has a vector of: less to the left, more to the right.

import { state } from "./state.js";

const WORDS = {
  diatonic: "Notes of C major", density: "Density", interval: "Leaps", syncopation16: "16ths off the beat",
  syncopation8: "8ths off the beat", range: "Range", rests: "Rests", repetition: "Repetition", hats: "Hi-hats",
};
const box = document.getElementById("attributes");
const shown = (much) => (much ? `${much > 0 ? "+" : "−"}${Math.abs(much).toFixed(1)}` : "0");

export function build(names, begun, moved) {
  for (const name of Object.keys(state.attributes)) if (!names.includes(name)) delete state.attributes[name];
  box.parentElement.hidden = !names.length;
  box.replaceChildren(...names.map((name) => {
    const label = document.createElement("label"), slider = document.createElement("input"), told = document.createElement("output");
    Object.assign(slider, { type: "range", min: -2, max: 2, step: 0.1 });
    slider.dataset.name = name;
    slider.id = label.htmlFor = `attribute-${name}`;
    let isMoving = false;
    slider.addEventListener("input", () => {
      if (!isMoving) { begun(); isMoving = true; }
      state.attributes = { ...state.attributes, [name]: +slider.value };
      moved();
    });
    slider.addEventListener("change", () => { isMoving = false; });
    slider.addEventListener("dblclick", () => { slider.value = 0; slider.dispatchEvent(new Event("input")); isMoving = false; });
    label.append(WORDS[name] || name, told, slider);
    return label;
  }));
  show();
}

export function show() {
  for (const slider of box.querySelectorAll("input")) {
    const much = state.attributes[slider.dataset.name] || 0;
    slider.value = much;
    slider.previousElementSibling.textContent = shown(much);
  }
}
