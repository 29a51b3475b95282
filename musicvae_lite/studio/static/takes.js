// The tray: takes that were kept, each to be heard, put on the pad, downloaded or thrown away.
// All tabs share one store: each change begins with what it holds by then.

import { ask } from "./asking.js";
import { roll } from "./drawing.js";

const KEY = "musicvae_lite takes", MOST = 64;
let canStore = true; // a full or closed store keeps nothing: then the takes are this page's alone
export let takes = [];

const newId = () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;

function stored() {
  if (!canStore) return takes;
  try {
    const found = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(found) ? found : [];
  } catch { return takes; }
}
function store(list) {
  takes = list;
  try { localStorage.setItem(KEY, JSON.stringify(takes)); canStore = true; } catch { canStore = false; }
}

takes = stored();
if (takes.some((take) => !take.id)) store(takes.map((take) => ({ ...take, id: take.id || newId() })));

export function keep(take) {
  const list = stored();
  if (list.length >= MOST) throw new Error(`The tray holds ${MOST} takes: download them, or throw some away.`);
  store([...list, { ...take, id: newId() }]);
}

// changed: called when another tab has kept a take, or thrown one away.
export function watch(changed) {
  window.addEventListener("storage", (event) => {
    if (event.key !== KEY && event.key !== null) return;
    takes = stored();
    changed();
  });
}

const bare = ({ id, notes, length, tone, ...rest }) => rest;

export async function download(which, format, name) {
  const blob = await ask("download", { format, takes: which.map(bare), address: location.href }, "blob");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name}.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function show(list, { hear, toPad, guarded }) {
  list.replaceChildren(...takes.map((take, index) => {
    const item = document.createElement("li"), canvas = document.createElement("canvas");
    const face = button("", `Hear take ${index + 1}`, () => hear(bare(take)));
    face.className = "face";
    face.append(canvas);
    const row = document.createElement("div");
    row.className = "row";
    row.append(
      button("→ pad", `Put take ${index + 1} into the chosen corner`, () => toPad(take, `Take ${index + 1}`)),
      button("MIDI", `Download take ${index + 1} as MIDI`, () => download([take], "mid", `take-${index + 1}`)),
      button("WAV", `Download take ${index + 1} as WAV`, () => download([take], "wav", `take-${index + 1}`)),
      button("✕", `Throw take ${index + 1} away`, () => {
        store(stored().filter((other) => other.id !== take.id));
        show(list, { hear, toPad, guarded });
      }),
    );
    item.append(face, row);
    requestAnimationFrame(() => roll(canvas, take.notes, take.length, { small: true, tone: take.tone }));
    return item;
  }));
  document.querySelector("#no-takes").hidden = takes.length > 0;
  document.querySelector("#session").hidden = !takes.length;
  function button(text, label, call) {
    const made = document.createElement("button");
    made.textContent = text;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", () => guarded("takes", call));
    return made;
  }
}
