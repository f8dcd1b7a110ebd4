// Toasts stay until dismissed; an answer to htmx adds one with the header HX-Trigger: {"toast": "text"}.
const toasts = document.getElementById("toasts");

function makeDismissable(toast) {
  const button = toast.querySelector("[data-dismiss]");
  button.hidden = false;
  button.addEventListener("click", () => toast.remove());
}

function add(text) {
  const toast = document.createElement("div");
  toast.className = "toast";
  const words = document.createElement("p");
  words.textContent = text;
  const button = document.createElement("button");
  button.className = "button quiet";
  button.type = "button";
  button.dataset.dismiss = "";
  button.textContent = "Dismiss";
  toast.append(words, button);
  toasts.append(toast);
  makeDismissable(toast);
}

toasts.querySelectorAll(".toast").forEach(makeDismissable);
document.body.addEventListener("toast", (event) => add(event.detail.value));
document.body.addEventListener("htmx:sendError", () => add("The portal did not answer. Your text is still here; try again."));
document.body.addEventListener("htmx:responseError", (event) => {
  add(`The portal refused this (${event.detail.xhr.status}). Reload the page to see how things stand.`);
});
