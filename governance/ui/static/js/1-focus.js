// A refused form takes the reader to its error summary.
const summary = document.querySelector("[data-focus-first]");
if (summary) summary.focus();

// After a swap htmx keeps the focus on the control with the same id. Where that control is gone or
// folded away, the focus goes to what opens it, else to the new content: never to the top.
let held = null;
const place = (event) => event.detail.tasks?.[0]?.target;

document.addEventListener("htmx:before:swap", (event) => {
  const old = place(event);
  held = old?.contains?.(document.activeElement) ? { id: document.activeElement.id, old: old.id } : null;
});
document.addEventListener("htmx:after:swap", () => {
  if (!held || document.activeElement !== document.body) return;
  const same = held.id ? document.getElementById(held.id) : null;
  const next = same?.closest("details:not([open])")?.querySelector("summary") ?? document.getElementById(held.old);
  if (!next) return;
  if (!next.matches("a, button, input, select, textarea, summary")) next.tabIndex = -1;
  next.focus({ preventScroll: true });
});
