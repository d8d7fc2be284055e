// Lists: choose every row, say how many are chosen, and say how many there are after a swap.
const boxes = (list) => [...list.querySelectorAll("tbody .sk-rows__pick input")];

const tell = (list) => {
  const told = list.querySelector("[data-chosen]");
  if (!told) return;
  told.dataset.plain ??= told.textContent;
  const count = boxes(list).filter((box) => box.checked).length;
  told.textContent = count ? told.dataset.chosen.replace("{n}", count) : told.dataset.plain;
  const every = list.querySelector("[data-every] input");
  every.checked = count > 0 && count === boxes(list).length;
  every.indeterminate = count > 0 && !every.checked;
};

const begin = () => {
  for (const list of document.querySelectorAll("[data-list]")) {
    const every = list.querySelector("[data-every]");
    if (every) every.hidden = false;
    tell(list);
  }
};

document.addEventListener("change", (event) => {
  const list = event.target.closest("[data-list]");
  if (!list) return;
  if (event.target.closest("[data-every]")) {
    for (const box of boxes(list)) box.checked = event.target.checked;
  }
  if (event.target.type === "checkbox") tell(list);
});

document.addEventListener("htmx:after:swap", () => {
  begin();
  const said = document.getElementById("said");
  const count = document.querySelector("[data-list] [data-count]");
  if (said && count) said.textContent = count.firstChild.textContent.trim();
});
window.addEventListener("pageshow", begin);
begin();
