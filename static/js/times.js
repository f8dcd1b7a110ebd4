// Times in the reader's own clock on hover, and "3 minutes ago" that stays true while the page is left open.
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "short" });
const units = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]];

// The same words as span_words() in templatetags/look.py.
function words(seconds) {
  for (const [unit, size] of units) {
    if (seconds >= (unit === "month" ? 2 * size : size)) {
      const count = Math.floor(seconds / size);
      return `${count} ${unit}${count === 1 ? "" : "s"}`;
    }
  }
  return "moments";
}

function say(time) {
  const seconds = (Date.now() - new Date(time.dateTime)) / 1000;
  if (time.className === "ago" && seconds > -60) {
    time.textContent = seconds < 60 ? "just now" : `${words(seconds)} ago`;
  } else {
    time.textContent = seconds < 0 ? `in ${words(-seconds)}` : `${words(seconds)} overdue`;
  }
}

function localise(root) {
  root.querySelectorAll("time[datetime][title]").forEach((time) => {
    time.title = `${exact.format(new Date(time.dateTime))} your time, ${time.dateTime.slice(0, 16).replace("T", " ")} UTC`;
  });
}

localise(document);
document.addEventListener("htmx:load", (event) => localise(event.target));
setInterval(() => document.querySelectorAll("time.ago, time.until").forEach(say), 30000);
