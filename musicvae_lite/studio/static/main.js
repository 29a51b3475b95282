// The page: music on the pad.

import { ask, latest, song, wishes } from "./asking.js";
import * as attributes from "./attributes.js";
import { blendTone, dot, pad, roll, sayPlace } from "./drawing.js";
import { guarded, tell } from "./messages.js";
import * as pictures from "./pictures.js";
import { knowDrums } from "./rows.js";
import * as shelf from "./shelf.js";
import { player, position, sound, stop, wake } from "./sound.js";
import { brought, canUndo, fitting, read, remember, state, undo, write } from "./state.js";
import * as tray from "./takes.js";

const $ = (id) => document.getElementById(id);
const INSTRUMENTS = { 0: "Piano", 11: "Vibraphone", 19: "Organ", 24: "Guitar", 40: "Violin", 46: "Harp", 56: "Trumpet", 65: "Saxophone", 73: "Flute", 80: "Synth" };
const DRUMS = ["drums", "groove"]; // kinds of model whose instrument is not chosen
const OPENING = ["ode-to-joy", "twinkle", "drunken-sailor", "yankee-doodle"];
let listing, chosen = 0, now = { notes: [], length: 4, bars: 2, beats: 8 }, asked = 0;
let entered = 0; // how often; what was asked for before the last time is late, and dropped
const wished = wishes();
window.studio = { pad: [] }; // milliseconds from each move of the dot to its sound

const say = (words) => { $("status").textContent = words; };
const model = () => listing.music.find((m) => m.name === state.model);
const wish = () => ({
  model: state.model, corners: state.corners.map((c) => c.code), x: state.x, y: state.y, temperature: state.temperature, seed: state.seed,
  chords: model().chords ? state.chords : "", qpm: state.qpm, program: state.program, attributes: state.attributes,
});

// Asks for what the page shows, with its sound where one is wanted, and plays it where it still is.
const answer = latest(async (isWanted, begun) => {
  if (!isWanted() || !state.corners.every(Boolean)) return; // it is asked for again once there are tunes
  const loud = player.wanted, asking = wish();
  const made = await guarded("play", () => ask("play", { ...asking, silent: !loud }));
  if (!isWanted() || state.model !== asking.model) return;
  if (!made) { giveUp(); return; }
  now = made;
  if (loud) await soundOut(begun);
});
const hear = (begun) => answer(wished.move(), begun);
async function soundOut(begun) {
  await guarded("sound", () => sound(now));
  if (begun && player.playing) window.studio.pad.push(performance.now() - begun);
  pressed();
}
const changed = (begun = 0) => { write(); draw(); hear(begun); };

function want() {
  player.wanted = true;
  pressed();
}
function pressed() {
  $("play").setAttribute("aria-pressed", String(player.playing));
  $("play").lastChild.textContent = player.wanted ? "Stop" : "Play";
}
function giveUp() { // what was to sound cannot be had
  player.wanted = player.playing;
  pressed();
}
function toggle() {
  if (player.wanted) { stop(); pressed(); } else { want(); guarded("sound", wake); hear(0); }
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
let drawn = 0, face = "", seen = null;
function frame(time) {
  requestAnimationFrame(frame);
  const m = model();
  if (!m || state.view !== "music" || time - drawn < 32) return;
  const { beats, bars } = now, head = position(), beat = (head / now.length) * beats, perBar = beats / bars;
  const sight = `${state.x} ${state.y} ${head} ${player.playing} ${window.innerWidth}`;
  if (sight === face && now === seen) return;
  [drawn, face, seen] = [time, sight, now];
  roll($("roll"), now.notes, now.length, { beats, bars, lanes: m.lanes, head: player.playing ? head : -1, tone: blendTone(state.x, state.y) });
  $("clock").textContent = `${Math.floor(beat / perBar) + 1} . ${Math.floor(beat % perBar) + 1}`;
  if (player.playing) pad($("pad"), state.x, state.y, null, 1 - (beat % 1));
}

// more: what else of the state changes with it.
function setCorner(index, code, name, more = {}) {
  remember();
  Object.assign(state, more);
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
// Tunes for corners are for the model that was chosen when they were asked for, and for no other.
async function drawTunes(count, put) {
  const wanted = state.model, codes = await drawCodes(count);
  if (state.model === wanted) put(codes);
}
const fresh = () => guarded("draw", () => drawTunes(4, (four) => { remember(); state.corners = four; changed(); }));
const dice = () => guarded("draw", () => drawTunes(1, ([one]) => setCorner(chosen, one.code, one.name)));

// Four tunes to begin with.
async function opening() {
  const tunes = model().kind === "melody" ? OPENING.filter((name) => listing.examples.includes(name)) : [];
  const found = await Promise.all(tunes.map((name) => song(state.model, name).catch(() => null)));
  const others = await drawCodes(4);
  return others.map((other, i) => (found[i] ? { code: found[i].windows[0].code, name: shelf.title(found[i].name) } : other));
}
function keepTake() {
  return guarded("keep", async () => {
    if (!state.corners.every(Boolean)) return;
    const asking = wish(), { code, notes, length } = await ask("play", { ...asking, silent: true });
    tray.keep({ ...asking, corners: [code], attributes: {}, notes, length, tone: blendTone(asking.x, asking.y) });
    showTakes();
    say("Kept");
  });
}
function showTakes() {
  tray.show($("takes"), {
    guarded,
    hear: async (take) => {
      want();
      const isWanted = wished.take(), made = await ask("play", take).catch((fault) => { giveUp(); throw fault; });
      if (!isWanted() || !player.wanted) return;
      now = made;
      await soundOut(0);
    },
    toPad: (take, name) => {
      if (take.model !== state.model) throw new Error(`This take is of ${take.model}; choose that model first.`);
      setCorner(chosen, take.corners[0], name);
    },
  });
}

async function enter() {
  const mine = ++entered;
  const isMusic = state.view === "music";
  $("music").hidden = !isMusic;
  $("pictures").hidden = isMusic;
  $("tab-music").setAttribute("aria-pressed", String(isMusic));
  $("tab-pictures").setAttribute("aria-pressed", String(!isMusic));
  const names = listing[isMusic ? "music" : "images"].map((m) => m.name);
  const key = isMusic ? "model" : "picture";
  if (!names.includes(state[key])) {
    if (state[key]) {
      tell("link", `The model of this link, ${state[key].slice(0, 60)}, is not here.`);
      if (isMusic) state.corners = [null, null, null, null];
    }
    state[key] = names[0] || "";
  }
  $("model").replaceChildren(...names.map((name) => new Option(name, name)));
  $("model").value = state[key];
  $("undo").disabled = !canUndo();
  if (!names.length) throw new Error("No trained model of this kind is installed.");
  if (isMusic) {
    attributes.build(model().attributes, remember, () => { changed(performance.now()); });
    shelf.clear(state.model);
    if (!state.corners.every(Boolean)) {
      const four = await opening().catch((fault) => { if (mine === entered) throw fault; });
      if (mine !== entered) return; // another model or view was chosen meanwhile
      state.corners = state.corners.map((corner, i) => corner || four[i]);
    }
    write(); draw(); await hear(0);
    guarded("shelf", () => shelf.fit(state.model));
  } else { stop(); pressed(); write(); pictures.open(guarded, listing.images.find((m) => m.name === state.picture)); }
}

async function share() {
  write();
  try {
    await navigator.clipboard.writeText(location.href); // missing where the page came from another machine
    say("Link copied");
    $("share").textContent = "Copied";
    setTimeout(() => { $("share").textContent = "Copy link"; }, 2000);
  } catch {
    const field = $("address").querySelector("input");
    $("address").hidden = false;
    field.value = location.href;
    field.focus();
    field.select();
  }
}

// Whether a key means something to what has the focus: text, a button, a list with an entry of that letter.
function needs(target, key) {
  if (target.matches("input:not([type=range]), textarea")) return true;
  if (target.matches("select")) return key === " " || [...target.options].some((option) => option.text.toLowerCase().startsWith(key));
  return key === " " && target.matches("button");
}

function wire() {
  const choose = (index) => { chosen = index; draw(); };
  $("corners").append(...[0, 1, 2, 3].map((index) => {
    const button = document.createElement("button");
    button.append(document.createElement("i"), document.createElement("span"));
    button.addEventListener("click", () => choose(index));
    return button;
  }));
  $("program").append(...Object.entries(INSTRUMENTS).map(([value, name]) => new Option(name, value)));
  shelf.wire(listing.examples, {
    model, guarded, say,
    put: (w, name) => setCorner(chosen, w.code, name, brought(w, chosen, model().chords)),
  });
  let isMoving = false;
  dot($("pad"), () => state, (x, y) => {
    if (!isMoving) { remember(); isMoving = true; }
    Object.assign(state, { x, y });
    draw();
    if (!player.wanted) want();
    hear(performance.now());
  }, () => { isMoving = false; write(); });
  for (const name of ["temperature", "qpm", "seed", "program"]) {
    let isTurning = false; // what it was before its first move is remembered, not what it passes
    $(name).addEventListener("input", () => {
      if (!isTurning) { remember(); isTurning = true; }
      state[name] = fitting(name, $(name).value);
      changed();
    });
    $(name).addEventListener("change", () => { isTurning = false; });
  }
  $("chords").addEventListener("change", () => { remember(); state.chords = $("chords").value; changed(); });
  $("play").addEventListener("click", toggle);
  $("keep").addEventListener("click", keepTake);
  $("fresh").addEventListener("click", fresh);
  $("dice").addEventListener("click", dice);
  const back = () => { if (undo()) guarded("enter", enter); };
  $("undo").addEventListener("click", back);
  $("share").addEventListener("click", share);
  $("address").addEventListener("focusout", () => { $("address").hidden = true; });
  $("session").addEventListener("click", () => guarded("takes", () => tray.download(tray.takes, "zip", "studio-session")));
  $("model").addEventListener("change", () => {
    remember();
    if (state.view === "music") { state.model = $("model").value; state.corners = [null, null, null, null]; } else state.picture = $("model").value;
    guarded("enter", enter);
  });
  for (const view of ["music", "pictures"]) $(`tab-${view}`).addEventListener("click", () => { state.view = view; guarded("enter", enter); });
  const everywhere = { u: back, z: back };
  const inMusic = { " ": toggle, k: keepTake, n: fresh, d: dice, ...Object.fromEntries([0, 1, 2, 3].map((i) => [i + 1, () => choose(i)])) };
  document.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (event.altKey || needs(event.target, key)) return;
    if ((event.ctrlKey || event.metaKey) && key !== "z") return;
    const call = everywhere[key] || (state.view === "music" && inMusic[key]);
    if (call) { event.preventDefault(); call(); }
  });
  window.addEventListener("hashchange", () => { read(); guarded("enter", enter); });
  window.addEventListener("resize", () => { draw(); showTakes(); if (state.view !== "music") pictures.redraw(); });
  pictures.prepare(guarded);
  tray.watch(showTakes);
}

await guarded("start", async () => {
  listing = await ask("start");
  knowDrums(listing.drums);
  read();
  wire();
  await enter();
  showTakes();
  requestAnimationFrame(frame);
  document.body.dataset.ready = "yes";
});
