// The tray: takes that were kept, each to be heard, put on the pad, downloaded or thrown away.

import { ask } from "./asking.js";
import { roll } from "./drawing.js";

const KEY = "musicvae_lite takes";
export let takes = [];
try { takes = JSON.parse(localStorage.getItem(KEY)) || []; } catch { takes = []; }
const store = () => { try { localStorage.setItem(KEY, JSON.stringify(takes)); } catch { /* a full or closed store keeps nothing */ } };

export function keep(take) {
  if (takes.length >= 64) throw new Error("The tray holds 64 takes: download them, or throw some away.");
  takes.push(take);
  store();
}

const bare = ({ notes, length, tone, ...rest }) => rest;

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
    const face = button("", `Hear take ${index + 1}`, () => hear(take));
    face.className = "face";
    face.append(canvas);
    const row = document.createElement("div");
    row.className = "row";
    row.append(
      button("→ pad", `Put take ${index + 1} into the chosen corner`, () => toPad(take, `Take ${index + 1}`)),
      button("MIDI", `Download take ${index + 1} as MIDI`, () => download([take], "mid", `take-${index + 1}`)),
      button("WAV", `Download take ${index + 1} as WAV`, () => download([take], "wav", `take-${index + 1}`)),
      button("✕", `Throw take ${index + 1} away`, () => { takes.splice(index, 1); store(); show(list, { hear, toPad, guarded }); }),
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
    made.addEventListener("click", () => guarded(call));
    return made;
  }
}
