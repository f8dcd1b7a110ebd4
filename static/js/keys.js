// Keyboard: "/" search, "g h" home, "g s" systems, "g i" incidents, "n" new. Silent while somebody types.
const searchPage = "/systems/#search";
const places = { h: "/", s: "/systems/", i: "/incidents/" };
let goingSince = 0;

function isTyping(target) {
  return target.closest("input, select, textarea, [contenteditable], dialog[open]") !== null;
}

function follow(event, action) {
  event.preventDefault();
  action();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const isGoing = Date.now() - goingSince < 1500;
  goingSince = 0;
  if (isGoing && places[event.key]) {
    follow(event, () => location.assign(places[event.key]));
  } else if (event.key === "g") {
    goingSince = Date.now();
  } else if (event.key === "/") {
    const search = document.querySelector("[data-search]");
    follow(event, () => (search ? search.focus() : location.assign(searchPage)));
  } else if (event.key === "n") {
    const create = document.querySelector("a[data-new]");
    if (create) follow(event, () => location.assign(create.href));
  }
});

if (location.hash === "#search") document.querySelector("[data-search]")?.focus();
