// The page: music on the pad.

import { ask, latest, song } from "./asking.js";
import * as attributes from "./attributes.js";
import { blendTone, dot, pad, roll, sayPlace } from "./drawing.js";
import * as pictures from "./pictures.js";
import { knowDrums } from "./rows.js";
import * as shelf from "./shelf.js";
import { player, position, sound, stop, wake } from "./sound.js";
import { read, remember, state, undo, write } from "./state.js";
import * as tray from "./takes.js";

const $ = (id) => document.getElementById(id);
const INSTRUMENTS = { 0: "Piano", 11: "Vibraphone", 19: "Organ", 24: "Guitar", 40: "Violin", 46: "Harp", 56: "Trumpet", 65: "Saxophone", 73: "Flute", 80: "Synth" };
const DRUMS = ["drums", "groove"]; // kinds of model whose instrument is not chosen
const OPENING = ["ode-to-joy", "twinkle", "drunken-sailor", "yankee-doodle"];
let listing, chosen = 0, now = { notes: [], length: 4 }, asked = 0, isWanted = false; // wanted: to sound, once there are tunes
window.studio = { pad: [] }; // milliseconds from each move of the dot to its sound

async function guarded(work) {
  try { const made = await work(); $("message").hidden = true; return made; } catch (error) {
    $("message").textContent = error.message;
    $("message").hidden = false;
  }
}
const say = (words) => { $("status").textContent = words; };
const model = () => listing.music.find((m) => m.name === state.model);
const wish = (corners = state.corners.map((c) => c.code)) => ({
  model: state.model, corners, x: state.x, y: state.y, temperature: state.temperature, seed: state.seed,
  chords: model().chords ? state.chords : "", qpm: state.qpm, program: state.program, attributes: state.attributes,
});

const hear = latest(async (loud, begun) => guarded(async () => {
  if (!state.corners.every(Boolean)) { isWanted ||= loud; return; }
  isWanted = false;
  now = await ask("play", { ...wish(), silent: !loud });
  if (loud && player.playing !== null) {
    await sound(now);
    if (begun) window.studio.pad.push(performance.now() - begun);
  }
  pressed();
}));
const changed = (begun = 0) => { write(); draw(); hear(player.playing, begun); };

function pressed() {
  $("play").setAttribute("aria-pressed", String(player.playing));
  $("play").lastChild.textContent = player.playing ? "Stop" : "Play";
}
function toggle() {
  if (player.playing) { stop(); pressed(); } else { guarded(wake); hear(true, 0); }
}

function draw() {
  pad($("pad"), state.x, state.y);
  sayPlace($("pad"), state.x, state.y);
  for (const [index, button] of [...$("corners").children].entries()) {
    button.lastChild.textContent = state.corners[index]?.name || "…";
    button.setAttribute("aria-pressed", String(index === chosen));
    button.setAttribute("aria-label", `Corner ${index + 1}: ${state.corners[index]?.name || "empty"}`);
  }
  for (const name of ["temperature", "qpm", "seed", "chords"]) $(name).value = state[name];
  document.querySelector("output[for=temperature]").textContent = state.temperature ? state.temperature.toFixed(2) : "likeliest";
  document.querySelector("output[for=qpm]").textContent = `${Math.round(state.qpm)}`;
  if (!INSTRUMENTS[state.program] && !$("program").querySelector(`[value="${state.program}"]`)) {
    $("program").append(new Option(`Program ${state.program + 1}`, state.program));
  }
  $("program").value = state.program;
  $("chords-field").hidden = !model()?.chords;
  $("program-field").hidden = DRUMS.includes(model()?.kind);
  attributes.show();
}

// Thirty pictures a second while it plays, none while nothing changes: drawing must not delay the sound.
let drawn = 0, face = "";
function frame(time) {
  requestAnimationFrame(frame);
  const m = model();
  if (!m || state.view !== "music" || time - drawn < 32) return;
  const head = position(), beat = (head / now.length) * m.beats, perBar = m.beats / m.bars;
  const sight = `${state.x} ${state.y} ${head} ${player.playing} ${window.innerWidth} ${now.code}`;
  if (sight === face) return;
  [drawn, face] = [time, sight];
  roll($("roll"), now.notes, now.length, { beats: m.beats, bars: m.bars, lanes: m.lanes, head: player.playing ? head : -1, tone: blendTone(state.x, state.y) });
  $("clock").textContent = `${Math.floor(beat / perBar) + 1} . ${Math.floor(beat % perBar) + 1}`;
  if (player.playing) pad($("pad"), state.x, state.y, null, 1 - (beat % 1));
}

function setCorner(index, code, name) {
  remember();
  state.corners[index] = { code, name };
  chosen = (index + 1) % 4;
  say(`${name} is in corner ${index + 1}`);
  changed();
}

async function drawCodes(count) {
  const seed = Math.floor(Math.random() * 1e6);
  const { codes } = await ask("draw", { model: state.model, count, seed });
  return codes.map((code) => ({ code, name: `Draw ${(seed + asked++) % 1000}` }));
}
const fresh = () => guarded(async () => { const four = await drawCodes(4); remember(); state.corners = four; changed(); });
const dice = () => guarded(async () => { const [one] = await drawCodes(1); setCorner(chosen, one.code, one.name); });

async function opening() {
  const tunes = model().kind === "melody" ? OPENING.filter((name) => listing.examples.includes(name)) : [];
  const found = await Promise.all(tunes.map((name) => song(state.model, name).catch(() => null)));
  const drawn = await drawCodes(4);
  state.corners = drawn.map((other, i) => (found[i] ? { code: found[i].windows[0].code, name: shelf.title(found[i].name) } : other));
}
function keepTake() {
  return guarded(async () => {
    const shown = await ask("play", { ...wish(), silent: true });
    tray.keep({ ...wish([shown.code]), attributes: {}, notes: shown.notes, length: shown.length, tone: blendTone(state.x, state.y) });
    showTakes();
    say("Kept");
  });
}
function showTakes() {
  tray.show($("takes"), {
    guarded,
    hear: async (take) => { const heard = await ask("play", { ...take, notes: undefined }); now = heard; await sound(heard); pressed(); },
    toPad: (take, name) => {
      if (take.model !== state.model) throw new Error(`This take is of ${take.model}; choose that model first.`);
      setCorner(chosen, take.corners[0], name);
    },
  });
}

async function enter() {
  const isMusic = state.view === "music";
  $("music").hidden = !isMusic;
  $("pictures").hidden = isMusic;
  $("tab-music").setAttribute("aria-pressed", String(isMusic));
  $("tab-pictures").setAttribute("aria-pressed", String(!isMusic));
  const names = listing[isMusic ? "music" : "images"].map((m) => m.name);
  const key = isMusic ? "model" : "picture";
  if (!names.includes(state[key])) {
    if (state[key]) { $("message").textContent = `The model of this link, ${state[key].slice(0, 60)}, is not here.`; $("message").hidden = false; state.corners.fill(null); }
    state[key] = names[0] || "";
  }
  $("model").replaceChildren(...names.map((name) => new Option(name, name)));
  $("model").value = state[key];
  if (!names.length) throw new Error("No trained model of this kind is installed.");
  if (isMusic) {
    attributes.build(model().attributes, remember, () => { changed(performance.now()); });
    if (!state.corners.every(Boolean)) await opening();
    write(); draw(); await hear(player.playing || isWanted, 0);
    guarded(() => shelf.fit(state.model));
  } else { stop(); pressed(); write(); pictures.open(guarded, listing.images.find((m) => m.name === state.picture)); }
}

function wire() {
  $("corners").append(...[0, 1, 2, 3].map((index) => {
    const button = document.createElement("button");
    button.append(document.createElement("i"), document.createElement("span"));
    button.addEventListener("click", () => { chosen = index; draw(); });
    return button;
  }));
  $("program").append(...Object.entries(INSTRUMENTS).map(([value, name]) => new Option(name, value)));
  shelf.wire(listing.examples, {
    model, guarded, say,
    put: (w, name) => { Object.assign(state, { qpm: w.qpm, program: w.program }); setCorner(chosen, w.code, name); },
  });
  let isMoving = false;
  dot($("pad"), () => state, (x, y) => {
    if (!isMoving) { remember(); isMoving = true; }
    Object.assign(state, { x, y });
    draw();
    hear(true, performance.now());
  }, () => { isMoving = false; write(); });
  for (const name of ["temperature", "qpm", "seed", "chords", "program"]) {
    $(name).addEventListener("change", () => { remember(); });
    $(name).addEventListener($(name).type === "text" ? "change" : "input", () => {
      state[name] = name === "chords" ? $(name).value : +$(name).value || 0;
      changed();
    });
  }
  $("play").addEventListener("click", toggle);
  $("keep").addEventListener("click", keepTake);
  $("fresh").addEventListener("click", fresh);
  $("dice").addEventListener("click", dice);
  const back = () => { if (undo()) guarded(enter); };
  $("undo").addEventListener("click", back);
  $("share").addEventListener("click", () => guarded(async () => { write(); await navigator.clipboard.writeText(location.href); say("Link copied"); $("share").textContent = "Copied"; }));
  $("session").addEventListener("click", () => guarded(() => tray.download(tray.takes, "zip", "studio-session")));
  $("model").addEventListener("change", () => {
    remember();
    if (state.view === "music") { state.model = $("model").value; state.corners = [null, null, null, null]; shelf.clear(); } else state.picture = $("model").value;
    guarded(enter);
  });
  for (const view of ["music", "pictures"]) $(`tab-${view}`).addEventListener("click", () => { state.view = view; guarded(enter); });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select, textarea") || event.altKey) return;
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && key !== "z") return;
    if (key === " " && event.target.matches("button")) return;
    const call = { " ": toggle, k: keepTake, n: fresh, d: dice, u: back, z: back }[key];
    if (call) { event.preventDefault(); call(); }
    if ("1234".includes(key)) { chosen = +key - 1; draw(); }
  });
  window.addEventListener("hashchange", () => { read(); guarded(enter); });
  window.addEventListener("resize", () => { draw(); showTakes(); if (state.view !== "music") pictures.redraw(); });
  pictures.prepare(guarded);
}

await guarded(async () => {
  listing = await ask("start");
  knowDrums(listing.drums);
  read();
  wire();
  await enter();
  showTakes();
  requestAnimationFrame(frame);
  document.body.dataset.ready = "yes";
});
