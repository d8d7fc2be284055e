// Keys for tables and search: / to search, j and k to move between rows, x to choose one, ? for help.
// Enter opens what has the focus, as everywhere.
// The reader can turn them off (WCAG 2.1.4): the root element then carries data-keys="off".
const off = () => document.documentElement.dataset.keys === "off";
const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

const move = (step) => {
  const rows = [...document.querySelectorAll("[data-rows] tbody tr")];
  if (rows.length === 0) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  const control = next.querySelector("[data-open]") ?? next.querySelector("a, button, input");
  if (control) control.focus();
};

const help = document.getElementById("keys-help");
for (const opener of document.querySelectorAll("[data-keys-help]")) {
  opener.hidden = off() || !help;
  opener.addEventListener("click", () => help.showModal());
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || off() || help?.open) return;
  if (typing(event.target) && !(event.target.type === "checkbox" && event.key !== " ")) return;
  if (event.key === "/") {
    const fields = ["main [data-seek]", "[data-seek]"].flatMap((one) => [...document.querySelectorAll(one)]);
    const field = fields.find((one) => one.offsetParent);
    if (field) {
      event.preventDefault();
      field.focus();
    }
  } else if (event.key === "j") {
    move(1);
  } else if (event.key === "k") {
    move(-1);
  } else if (event.key === "?" && help) {
    event.preventDefault();
    help.showModal();
  } else if (event.key === "x") {
    const row = document.activeElement.closest("[data-rows] tbody tr");
    const box = row ? row.querySelector("input[type=checkbox]") : null;
    if (box) box.click();
  }
});
