// What went wrong, in lines above the page: until the visitor does the next thing, or the same thing succeeds.

const box = document.getElementById("message"), told = new Map(); // from the kind of work to what is said of it
const IDLE = ["Tab", "Shift", "Control", "Alt", "Meta"]; // keys that do nothing by themselves

function show() {
  box.textContent = [...new Set(told.values())].join("\n");
  box.hidden = !told.size;
}

export function tell(kind, words) {
  told.set(kind, words);
  show();
}

export async function guarded(kind, work) {
  try {
    const made = await work();
    if (told.delete(kind)) show();
    return made;
  } catch (error) { tell(kind, error.message); }
}

function put(event) {
  if (event.type === "click" && event.detail) return; // it ends a press, which was heeded when it began
  if (box.contains(event.target) || IDLE.includes(event.key)) return;
  told.clear();
  show();
}
for (const kind of ["pointerdown", "click", "keydown", "drop"]) document.addEventListener(kind, put, true);
