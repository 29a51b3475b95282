// Sound from the server, looped to the bar: a new take goes on where the old one stood.

let context, source, gain, length = 0, begun = 0, sequence = 0;
export const player = { playing: false, buffer: null };

export async function wake() {
  context ||= new AudioContext();
  if (context.state === "suspended") await context.resume();
}

// A loop of exactly `seconds`: what rings beyond its end is laid over its beginning.
async function looped(base64, seconds) {
  const raw = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const heard = await context.decodeAudioData(raw.buffer);
  const frames = Math.max(1, Math.round(seconds * heard.sampleRate));
  const loop = context.createBuffer(heard.numberOfChannels, frames, heard.sampleRate);
  for (let channel = 0; channel < heard.numberOfChannels; channel++) {
    const from = heard.getChannelData(channel), to = loop.getChannelData(channel);
    for (let i = 0; i < from.length; i++) to[i % frames] += from[i];
    for (let i = 0; i < frames; i++) to[i] = Math.max(-1, Math.min(1, to[i] * 0.9));
  }
  return loop;
}

export async function sound(base64, seconds) {
  const mine = ++sequence;
  await wake();
  const buffer = base64 ? await looped(base64, seconds) : context.createBuffer(1, Math.round(seconds * 22050), 22050);
  if (mine !== sequence) return;
  const at = position();
  const share = length && player.playing ? at / length : 0;
  stopSource();
  length = seconds;
  player.buffer = buffer;
  source = context.createBufferSource();
  source.buffer = buffer;
  source.loop = true;
  gain = context.createGain();
  const now = context.currentTime;
  gain.gain.setValueAtTime(0, now);
  gain.gain.linearRampToValueAtTime(1, now + 0.02);
  source.connect(gain).connect(context.destination);
  begun = now - share * seconds;
  source.start(now, share * seconds);
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
  player.playing = false;
}

export const position = () => (player.playing && length ? (context.currentTime - begun) % length : 0);
