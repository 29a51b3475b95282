// What the page shows, in its address, with undo: each view has a history of its own.

export const state = {
  view: "music", model: "", corners: [null, null, null, null], x: 0.5, y: 0.5,
  temperature: 0, seed: 0, chords: "", qpm: 120, program: 0, attributes: {}, picture: "", px: 0.5, py: 0.5, label: 0, pseed: 0,
};
const NUMBERS = {
  x: [0, 1], y: [0, 1], temperature: [0, 1.5], seed: [0, 999999], qpm: [30, 300], program: [0, 127],
  px: [0, 1], py: [0, 1], label: [0, 1000], pseed: [0, 999999],
};
const WHOLE = ["seed", "program", "label", "pseed"];
const PARTS = {
  music: ["model", "corners", "x", "y", "temperature", "seed", "chords", "qpm", "program", "attributes"],
  pictures: ["picture", "px", "py", "label", "pseed"],
};
const past = { music: [], pictures: [] };

// A number as the server takes it; text that is none counts as 0.
export function fitting(name, value) {
  const [least, most] = NUMBERS[name], number = Math.max(least, Math.min(most, +value || 0));
  return WHOLE.includes(name) ? Math.round(number) : number;
}

// What a window changes besides the corner it goes to: tempo and sound, and the chords it was encoded under, where
// the model follows chords. Those of the first corner hold; others fill a field that says none.
export function brought({ qpm, program, chords }, corner, followsChords) {
  return { qpm, program, ...(followsChords && (corner === 0 || !state.chords) ? { chords } : {}) };
}

export function write() {
  const words = new URLSearchParams({ view: state.view, model: state.model, chords: state.chords, picture: state.picture });
  words.set("attributes", Object.entries(state.attributes).filter(([, much]) => much).map(([name, much]) => `${name}:${much}`).join(","));
  for (const name of Object.keys(NUMBERS)) words.set(name, String(+state[name].toFixed(3)));
  if (state.corners.every(Boolean)) {
    words.set("codes", state.corners.map((c) => c.code).join("."));
    words.set("names", state.corners.map((c) => c.name.replaceAll("|", " ")).join("|"));
  }
  history.replaceState(null, "", `#${words}`);
}

export function read() {
  const words = new URLSearchParams(location.hash.slice(1));
  for (const name of Object.keys(NUMBERS)) if (words.has(name) && isFinite(+words.get(name))) state[name] = fitting(name, words.get(name));
  for (const name of ["model", "chords", "picture"]) if (words.has(name)) state[name] = words.get(name);
  if (Object.hasOwn(PARTS, words.get("view"))) state.view = words.get("view");
  if (words.has("attributes")) {
    const amounts = words.get("attributes").split(",").map((part) => part.split(":"));
    state.attributes = Object.fromEntries(amounts.filter(([name, much]) => name && isFinite(+much)).map(([name, much]) => [name, Math.max(-2, Math.min(2, +much))]));
  }
  const codes = (words.get("codes") || "").split("."), names = (words.get("names") || "").split("|");
  if (codes.length === 4) state.corners = codes.map((code, i) => ({ code, name: names[i] || `Tune ${i + 1}` }));
}

export const canUndo = () => past[state.view].length > 0;

export function remember() {
  const mine = past[state.view];
  mine.push(JSON.stringify(Object.fromEntries(PARTS[state.view].map((name) => [name, state[name]]))));
  if (mine.length > 200) mine.shift();
  document.querySelector("#undo").disabled = false;
}

export function undo() {
  if (!canUndo()) return false;
  Object.assign(state, JSON.parse(past[state.view].pop()));
  return true;
}
