// Keeps the keyboard where the reader is: error summary on load, the same control after a swap.
const summary = document.querySelector("[data-focus-first]");
if (summary) summary.focus();

let held = "";
document.addEventListener("htmx:before:swap", () => {
  held = document.activeElement ? document.activeElement.id : "";
});
document.addEventListener("htmx:after:swap", () => {
  if (held && document.activeElement === document.body) {
    const again = document.getElementById(held);
    if (again) again.focus();
  }
});
