// Piano-rolls, the pad and the plane, on canvas.

import { drumName, rows } from "./rows.js";

export const TONES = ["#f2a65a", "#58b4ae", "#e26d7b", "#8d9cf0"];
const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];
const TRACKS = ["#f0c674", "#58b4ae", "#e26d7b", "#8d9cf0"];

function fitted(canvas) {
  const scale = window.devicePixelRatio || 1, box = canvas.getBoundingClientRect();
  const width = Math.round(box.width * scale), height = Math.round(box.height * scale);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, box.width, box.height);
  return [pen, box.width, box.height];
}

// notes: [begin, end, pitch, velocity, drum, track] in seconds; lanes: drums to show even when they are silent
export function roll(canvas, notes, seconds, { beats = 0, bars = 0, head = -1, tone = "", small = false, lanes = [] } = {}) {
  const [pen, width, height] = fitted(canvas);
  const place = rows(notes, lanes, height, small);
  pen.font = "11px system-ui, DejaVu Sans, sans-serif";
  const wide = Math.max(...place.lanes.map((pitch) => pen.measureText(drumName(pitch)).width + 10), 34);
  const left = small ? 0 : wide, room = width - left, x = (time) => left + (time / seconds) * room;
  const shade = (top, row) => { pen.fillStyle = "#19161e"; pen.fillRect(left, top, room, row); };
  const label = (words, top, row) => { pen.fillStyle = "#b9b0bd"; pen.fillText(words, 4, top + row / 2 + 4); };
  if (!small) {
    for (let pitch = place.low; pitch < place.low + place.span; pitch++) {
      if ([1, 3, 6, 8, 10].includes(pitch % 12)) shade(place.keyY(pitch), place.row);
      if (pitch % 12 === 0 || (place.span <= 20 && [4, 7].includes(pitch % 12))) {
        label(`${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`, place.keyY(pitch), place.row);
      }
    }
    for (const [index, pitch] of place.lanes.entries()) {
      if (index % 2 === 0) shade(place.laneY(pitch), place.lane);
      if (place.lane >= 10) label(drumName(pitch), place.laneY(pitch), place.lane);
    }
    for (let beat = 0; beat <= beats; beat++) {
      const isBar = bars && beat % (beats / bars) === 0;
      if (!isBar && room / beats < 10) continue; // no room for beats
      pen.fillStyle = isBar ? "#5a5263" : "#2a2530";
      pen.fillRect(Math.min(left + (beat / beats) * room, width - 1), 0, 1, height);
    }
  }
  for (const note of notes) {
    const [begin, end, , velocity, drum, track] = note, row = drum ? place.lane : place.row;
    const sounding = head >= begin && head < end;
    pen.globalAlpha = 0.45 + 0.55 * Math.min(1, velocity / 110);
    pen.fillStyle = sounding ? "#ffffff" : tone || TRACKS[track % TRACKS.length];
    pen.beginPath();
    pen.roundRect(x(begin) + 1, place.y(note) + 0.5, Math.max(2, x(end) - x(begin) - 2), Math.max(2, row - 1), Math.min(4, row / 3));
    pen.fill();
  }
  pen.globalAlpha = 1;
  if (head >= 0) { pen.fillStyle = "#ffffff"; pen.fillRect(x(head), 0, 2, height); }
}

const channels = (tone) => [1, 3, 5].map((i) => parseInt(tone.slice(i, i + 2), 16));
export function blendTone(x, y) {
  const weights = [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y];
  const mixed = [0, 1, 2].map((i) => Math.round(TONES.reduce((sum, tone, k) => sum + weights[k] * channels(tone)[i], 0)));
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

let field;
function gradient() {
  if (field) return field;
  const size = 48;
  field = new OffscreenCanvas(size, size);
  const pen = field.getContext("2d");
  for (let row = 0; row < size; row++) for (let column = 0; column < size; column++) {
    pen.fillStyle = blendTone(column / (size - 1), row / (size - 1));
    pen.fillRect(column, row, 1, 1);
  }
  return field;
}

export function pad(canvas, x, y, backdrop = null, pulse = 0) {
  const [pen, width, height] = fitted(canvas);
  pen.imageSmoothingEnabled = !backdrop;
  if (backdrop) pen.drawImage(backdrop, 0, 0, width, height);
  else {
    pen.globalAlpha = 0.5;
    pen.drawImage(gradient(), 0, 0, width, height);
    pen.globalAlpha = 1;
    pen.fillStyle = "#0004"; pen.fillRect(0, 0, width, height);
    pen.strokeStyle = "#ffffff1c"; pen.lineWidth = 1;
    for (let i = 1; i < 8; i++) {
      pen.beginPath(); pen.moveTo((i * width) / 8, 0); pen.lineTo((i * width) / 8, height);
      pen.moveTo(0, (i * height) / 8); pen.lineTo(width, (i * height) / 8); pen.stroke();
    }
  }
  const cx = 14 + x * (width - 28), cy = 14 + y * (height - 28);
  pen.fillStyle = `rgba(255,255,255,${0.12 + 0.2 * pulse})`;
  pen.beginPath(); pen.arc(cx, cy, 26 + 8 * pulse, 0, 7); pen.fill();
  pen.fillStyle = backdrop ? "#f0c674" : "#fff"; pen.strokeStyle = "#141217"; pen.lineWidth = 3;
  pen.beginPath(); pen.arc(cx, cy, 12, 0, 7); pen.fill(); pen.stroke();
}

// A canvas with a dot that pointer and arrow keys move.
export function dot(canvas, place, moved, settled) {
  const to = (x, y) => { moved(Math.min(1, Math.max(0, x)), Math.min(1, Math.max(0, y))); };
  const pointed = (event) => {
    const box = canvas.getBoundingClientRect();
    to((event.clientX - box.left - 14) / (box.width - 28), (event.clientY - box.top - 14) / (box.height - 28));
  };
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); pointed(event); });
  canvas.addEventListener("pointermove", (event) => { if (event.buttons) pointed(event); });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, settled);
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    const { x, y } = place(), step = event.shiftKey ? 0.125 : 1 / 32;
    to(x + move[0] * step, y + move[1] * step);
    settled();
  });
}

export function sayPlace(canvas, x, y) {
  canvas.setAttribute("aria-valuenow", Math.round(x * 100));
  canvas.setAttribute("aria-valuetext", `${Math.round(x * 100)} % to the right, ${Math.round(y * 100)} % down`);
}
