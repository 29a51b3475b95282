// What the page shows, in its address, with undo.

export const state = {
  view: "music", model: "", corners: [null, null, null, null], x: 0.5, y: 0.5,
  temperature: 0, seed: 0, chords: "", qpm: 120, program: 0, attributes: {}, picture: "", px: 0.5, py: 0.5, label: 0, pseed: 0,
};
const NUMBERS = ["x", "y", "temperature", "seed", "qpm", "program", "px", "py", "label", "pseed"];
const past = [];

export function write() {
  const words = new URLSearchParams({ view: state.view, model: state.model, chords: state.chords, picture: state.picture });
  words.set("attributes", Object.entries(state.attributes).filter(([, much]) => much).map(([name, much]) => `${name}:${much}`).join(","));
  for (const name of NUMBERS) words.set(name, String(+state[name].toFixed(3)));
  if (state.corners.every(Boolean)) {
    words.set("codes", state.corners.map((c) => c.code).join("."));
    words.set("names", state.corners.map((c) => c.name.replaceAll("|", " ")).join("|"));
  }
  history.replaceState(null, "", `#${words}`);
}

export function read() {
  const words = new URLSearchParams(location.hash.slice(1));
  for (const name of NUMBERS) if (words.has(name) && isFinite(+words.get(name))) state[name] = +words.get(name);
  for (const name of ["view", "model", "chords", "picture"]) if (words.has(name)) state[name] = words.get(name);
  if (words.has("attributes")) {
    const amounts = words.get("attributes").split(",").map((part) => part.split(":"));
    state.attributes = Object.fromEntries(amounts.filter(([name, much]) => name && isFinite(+much)).map(([name, much]) => [name, Math.max(-2, Math.min(2, +much))]));
  }
  const codes = (words.get("codes") || "").split("."), names = (words.get("names") || "").split("|");
  if (codes.length === 4) state.corners = codes.map((code, i) => ({ code, name: names[i] || `Tune ${i + 1}` }));
}

export function remember() {
  past.push(JSON.stringify(state));
  if (past.length > 200) past.shift();
  document.querySelector("#undo").disabled = false;
}

export function undo() {
  if (!past.length) return false;
  Object.assign(state, JSON.parse(past.pop()));
  document.querySelector("#undo").disabled = !past.length;
  return true;
}
