// Leaving a page with a form that was typed into asks first. A form with data-leave="quietly" does not.
const touched = new Set();

function isWatched(form) {
  return form?.method === "post" && form.dataset.leave !== "quietly";
}

document.addEventListener("input", (event) => {
  if (isWatched(event.target.form)) touched.add(event.target.form);
});
document.addEventListener("submit", (event) => touched.delete(event.target));
document.addEventListener("reset", (event) => touched.delete(event.target));
window.addEventListener("beforeunload", (event) => {
  if ([...touched].some((form) => form.isConnected)) event.preventDefault();
});
document.querySelector("form .form-errors")?.focus();
