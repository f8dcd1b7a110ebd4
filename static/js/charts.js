// The interactive chart takes over from the drawing on a touch, on focus, or when a pointer stays for a moment.
const STAYS_MS = 150;
const script = document.querySelector("[data-chart-script]");
let loading = null;

function load() {
  loading ??= new Promise((done, failed) => {
    const element = document.createElement("script");
    element.src = script.dataset.chartScript;
    element.addEventListener("load", () => {
      window.Plotly.setPlotConfig({ showSendToCloud: false, plotlyServerURL: "" });
      done(window.Plotly);
    });
    element.addEventListener("error", failed);
    document.head.append(element);
  });
  return loading;
}

// "@class:property" is the colour that the stylesheet gives to that part of the drawing, as rgba(); no text reads so.
const COLOUR = /^@chart-[a-z0-9-]+:(fill|stroke)$/;

function colourOf(word, box) {
  const [name, property] = word.slice(1).split(":");
  const probe = document.createElementNS("http://www.w3.org/2000/svg", name.startsWith("chart-y") || name.startsWith("chart-sign") ? "text" : "path");
  probe.setAttribute("class", name.startsWith("chart-mark-") ? `chart-mark ${name}` : name);
  const texts = probe.tagName === "text" ? ".chart-texts" : ".chart-stretched";
  box.querySelector(texts).append(probe);
  const colour = getComputedStyle(probe)[property];
  probe.remove();
  const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  pixel.fillStyle = colour;
  pixel.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = pixel.getImageData(0, 0, 1, 1).data;
  return `rgba(${red},${green},${blue},${(alpha / 255).toFixed(3)})`;
}

function coloured(part, box) {
  if (typeof part === "string") return COLOUR.test(part) ? colourOf(part, box) : part;
  if (Array.isArray(part)) return part.map((one) => coloured(one, box));
  if (part === null || typeof part !== "object") return part;
  return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, coloured(one, box)]));
}

function margins(box) {
  const plot = box.querySelector(".chart-plot");
  const right = box.clientWidth - plot.offsetLeft - plot.offsetWidth;
  const bottom = box.clientHeight - plot.offsetTop - plot.offsetHeight;
  return { l: plot.offsetLeft, t: plot.offsetTop, r: right, b: bottom, pad: 0, autoexpand: false };
}

function notice(box) {
  const text = document.createElement("p");
  text.className = "chart-loading";
  text.setAttribute("role", "status");
  text.textContent = "Loading the interactive chart …";
  box.append(text);
  return text;
}

async function takeOver(box) {
  if (box.dataset.state) return;
  box.dataset.state = "loading";
  const said = notice(box);
  try {
    const [plotly, figure] = await Promise.all([load(), fetch(box.dataset.figure).then((answer) => answer.json())]);
    const { data, layout } = coloured(figure, box);
    const place = document.createElement("div");
    place.className = "chart-live";
    box.append(place);
    const font = { ...layout.font, family: getComputedStyle(box).fontFamily };
    const hoverlabel = { bgcolor: colourOf("@chart-hover:fill", box), bordercolor: layout.yaxis.gridcolor, font };
    await plotly.newPlot(place, data, { ...layout, font, hoverlabel, margin: margins(box) }, {
      responsive: true, displaylogo: false, displayModeBar: false, doubleClick: "reset",
    });
    box.dataset.state = "live";
    said.remove();
  } catch {
    delete box.dataset.state;
    loading = null;
    said.textContent = "The interactive chart could not be loaded. The drawing stays; the table below has the numbers.";
  }
}

function watch(box) {
  let staying = 0;
  box.addEventListener("pointerenter", (event) => {
    if (event.pointerType === "mouse") staying = setTimeout(() => takeOver(box), STAYS_MS);
  });
  box.addEventListener("pointerleave", () => clearTimeout(staying));
  box.addEventListener("pointerdown", () => takeOver(box));
  box.addEventListener("focus", () => takeOver(box));
}

document.querySelectorAll("[data-figure]").forEach(watch);
