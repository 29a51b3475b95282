// Where notes lie in a piano-roll: pitches above, drums below in lanes that have names.

const places = new Map(), names = new Map();

// list: [pitch, name] of every drum, lowest lane first, as the server has them.
export function knowDrums(list) {
  for (const [place, [pitch, name]] of list.entries()) { places.set(pitch, place); names.set(pitch, name); }
}
export const drumName = (pitch) => names.get(pitch) || String(pitch);

// notes: [begin, end, pitch, velocity, drum, track]; shown: drums that have a lane even when they are silent.
// Gives the height of a lane and of a semitone, the lanes and the range of pitches from below, and y(note) from above.
export function rows(notes, shown, height, small) {
  const struck = notes.filter((n) => n[4]).map((n) => n[2]), pitches = notes.filter((n) => !n[4]).map((n) => n[2]);
  const order = (pitch) => places.get(pitch) ?? 1000 + pitch;
  const lanes = [...new Set([...shown, ...struck])].sort((a, b) => order(a) - order(b));
  const hasKeys = pitches.length > 0 || !lanes.length;
  const least = Math.min(...pitches, 127), most = Math.max(...pitches, 0);
  const span = hasKeys ? Math.max(small ? 12 : 18, pitches.length ? most - least + 4 : 0) : 0;
  const low = pitches.length ? Math.round((least + most) / 2 - span / 2) : 66 - span / 2;
  const share = hasKeys ? 1.5 : 1, unit = height / (span + lanes.length * share), lane = unit * share;
  const laneY = (pitch) => height - (lanes.indexOf(pitch) + 1) * lane;
  const keyY = (pitch) => height - lanes.length * lane - (pitch - low + 1) * unit;
  return { lanes, lane, low, span, row: unit, laneY, keyY, y: (note) => (note[4] ? laneY(note[2]) : keyY(note[2])) };
}
