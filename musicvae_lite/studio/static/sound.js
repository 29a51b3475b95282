// Sound from the server, looped to the bar: a new take goes on at the beat where the old one stood.

let context, source, gain, length = 0, beats = 0, begun = 0, sequence = 0;
export const player = { playing: false, wanted: false }; // wanted: it is to sound, and may not do so yet
const LOUD = 0.9;

export async function wake() {
  context ||= new AudioContext();
  if (context.state === "suspended") await context.resume();
}

// 16-bit samples of one channel, as the server folded them into a loop.
function loop(base64, rate) {
  const raw = atob(base64), buffer = context.createBuffer(1, raw.length / 2, rate), to = buffer.getChannelData(0);
  for (let i = 0; i < to.length; i++) {
    to[i] = (((raw.charCodeAt(2 * i) | (raw.charCodeAt(2 * i + 1) << 8)) << 16) >> 16) / 32768;
  }
  return buffer;
}

// Does nothing once `stop` was called: what was asked for before may still be on its way.
export async function sound({ sound: base64, length: seconds, rate, beats: count }) {
  if (!player.wanted) return;
  const mine = ++sequence;
  await wake();
  if (mine !== sequence) return;
  const buffer = base64 ? loop(base64, rate) : context.createBuffer(1, Math.round(seconds * rate), rate);
  const beat = length ? (position() / length) * beats : 0; // neither tempo nor length moves it
  const at = ((beat % count) / count) * seconds;
  stopSource();
  length = seconds;
  beats = count;
  source = context.createBufferSource();
  source.buffer = buffer;
  source.loop = true;
  gain = context.createGain();
  const now = context.currentTime;
  gain.gain.setValueAtTime(0, now);
  gain.gain.linearRampToValueAtTime(LOUD, now + 0.02);
  source.connect(gain).connect(context.destination);
  begun = now - at;
  source.start(now, at);
  player.playing = true;
}

function stopSource() {
  if (!source) return;
  const now = context.currentTime;
  gain.gain.setValueAtTime(gain.gain.value, now);
  gain.gain.linearRampToValueAtTime(0, now + 0.04);
  source.stop(now + 0.05);
  source = null;
}

export function stop() {
  sequence++;
  stopSource();
  player.playing = player.wanted = false;
}

export const position = () => (player.playing && length ? (context.currentTime - begun) % length : 0);
