// A refused form takes the reader to its error summary. After a swap htmx itself keeps the focus on
// the control with the same id, which is why every control inside a swap target has one.
const summary = document.querySelector("[data-focus-first]");
if (summary) summary.focus();
