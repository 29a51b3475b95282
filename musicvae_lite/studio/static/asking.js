// Requests to the studio's server. Every failure is an Error with a sentence for the page.

export async function ask(where, body, kind = "json") {
  let answer;
  const options = body === undefined ? {} : { method: "POST", body: body instanceof Blob ? body : JSON.stringify(body) };
  try {
    answer = await fetch(`/api/${where}`, options);
  } catch {
    throw new Error("The studio's server does not answer. Is mvae studio still running?");
  }
  if (answer.ok) return kind === "blob" ? answer.blob() : answer.json();
  const told = await answer.json().catch(() => ({}));
  throw new Error(told.error || `The server answered ${answer.status}.`);
}

export const song = (model, name, file) =>
  ask(`song?model=${encodeURIComponent(model)}&name=${encodeURIComponent(name)}`, file || new Blob([]));

// Whether an answer is still wanted when it comes. A move is answered unless a take was asked for after it, for
// moves are answered one at a time; a take is unless anything was.
export function wishes() {
  let count = 0, lastTake = 0;
  return {
    move() { const mine = ++count; return () => mine > lastTake; },
    take() { const mine = lastTake = ++count; return () => mine === count; },
  };
}

// One request at a time; while it runs only the newest wish waits.
export function latest(work) {
  let busy = false, wish = null;
  return async function go(...wanted) {
    if (busy) { wish = wanted; return; }
    busy = true;
    try { await work(...wanted); } finally {
      busy = false;
      if (wish) { const next = wish; wish = null; go(...next); }
    }
  };
}
