// A form is sent once: a second press while the answer is awaited does nothing. A form whose answer
// is a file stays on the page and may be sent again. What is under way is said, to the eye after a
// moment (css/4-controls.css).
const say = (words) => {
  const said = document.getElementById("said");
  if (said) said.textContent = words;
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented || "again" in form.dataset) return;
  if (form.dataset.sent === "yes") {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
  say(document.getElementById("busy")?.textContent ?? "");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
    say("");
  }
});

// A part of the page that is being replaced is busy. An answer without that part (the session has
// ended, the server has failed) is shown as the page that it is, and so is no answer at all.
let leaving = false;
window.addEventListener("beforeunload", () => { leaving = true; });
window.addEventListener("pageshow", () => { leaving = false; });
const part = (context) => (context.target instanceof Element ? context.target : null);

const whole = (context) => {
  const source = context.sourceElement;
  if (leaving || !source) return;
  if (source.matches("form")) source.submit();
  else globalThis.location.assign(source.href ?? globalThis.location.href);
};

document.addEventListener("htmx:before:request", (event) => {
  part(event.detail.ctx)?.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:finally:request", (event) => {
  part(event.detail.ctx)?.removeAttribute("aria-busy");
});
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  if (!ctx.select || tasks?.[0]?.fragment?.childElementCount) return;
  event.preventDefault();
  whole(ctx);
});
document.addEventListener("htmx:error", (event) => {
  const context = event.detail.ctx;
  if (context?.sourceElement?.matches("a, form")) whole(context);
});
