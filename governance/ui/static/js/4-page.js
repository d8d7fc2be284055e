// Small conveniences: print, copy, close the menu with Escape. Controls stay hidden without script.
for (const control of document.querySelectorAll("[data-print], [data-copy]")) control.hidden = false;

document.addEventListener("click", async (event) => {
  const control = event.target.closest("[data-print], [data-copy]");
  if (!control) return;
  if (control.hasAttribute("data-print")) {
    window.print();
    return;
  }
  const source = document.getElementById(control.dataset.copy);
  await navigator.clipboard.writeText(source.textContent.trim());
  const told = document.getElementById("said");
  if (told) told.textContent = control.dataset.copied;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const drawer of document.querySelectorAll("details.sk-drawer[open]")) {
    drawer.open = false;
    drawer.querySelector("summary").focus();
  }
});
