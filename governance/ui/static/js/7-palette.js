// The command palette: Ctrl+K (Command+K) opens the global search as a dialog; htmx fills it.
// Without script the same search is a page of its own. Up and down move among the hits.
const palette = document.getElementById("palette");
if (palette) {
  const field = palette.querySelector("input[type=search]");
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (!palette.open) palette.showModal();
      field.focus();
      field.select();
    }
  });
  palette.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [field, ...palette.querySelectorAll("#palette-found a, #palette-found button")];
    const step = event.key === "ArrowDown" ? 1 : -1;
    const at = stops.indexOf(document.activeElement);
    event.preventDefault();
    stops[Math.min(Math.max(at + step, 0), stops.length - 1)].focus();
  });
}
