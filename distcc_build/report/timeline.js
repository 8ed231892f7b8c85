// The picture: rows of lanes, the axis, zoom, and what is told of the bar under the pointer.

const GAP = 10;
let chart, first, last, rowHeight, tops, tall, load, selectedJob = null, drawn = [];
let seen = [0, 1];

function layOut() {
  const narrow = innerWidth < 700;
  rowHeight = Math.max(6, Math.min(22, Math.floor(560 / Math.max(lanes.length, 1))));
  tops = [];
  let top = 4;
  const labels = places.map((place) => {
    const own = lanes.filter((lane) => lane.place === place);
    const begin = top;
    for (const lane of own) {
      tops[lane.number] = top;
      top += rowHeight;
    }
    // Its name needs a line, wherever a server had but one slot.
    top = Math.max(top, begin + 18);
    const slots = rowHeight < 11 || narrow ? [] : own.map((lane) =>
      make("span", { class: "nr", style: `top:${tops[lane.number] - begin}px;line-height:${rowHeight}px` }, lane.slot === null ? "\u00b7" : lane.extra ? `${lane.slot}\u2032` : `${lane.slot}`));
    const two = top - begin >= 34;
    const label = make("div", { class: two ? "lane two" : "lane", style: `top:${begin + 30}px;height:${top - begin}px`, title: `${place.title} ${place.more}` },
      make("b", {}, place.title), place.more ? make("span", { class: "dim" }, place.more) : null, ...slots);
    top += GAP;
    return { label, begin, end: top - GAP };
  });
  tall = top - GAP + 4;
  fill(byId("lanes"), ...labels.map((one) => one.label));
  byId("chart").style.height = `${tall + 30 + 56}px`;
  return labels;
}

function options() {
  const bands = layOut();
  const gutter = byId("lanes").clientWidth;
  const axis = { axisLine: { lineStyle: { color: colours.rule } }, axisLabel: { color: colours.dim, fontSize: 12, hideOverlap: true } };
  return {
    animation: false,
    textStyle: { fontFamily: "system-ui, sans-serif" },
    grid: { left: gutter, right: 14, top: 30, height: tall },
    xAxis: {
      type: "value", position: "top", min: first, max: last, interval: tickStep(),
      axisLine: { ...axis.axisLine, onZero: false }, axisTick: { lineStyle: { color: colours.rule } },
      axisLabel: { ...axis.axisLabel, formatter: tickLabel },
      splitLine: { lineStyle: { color: colours.rule } },
    },
    yAxis: [
      { type: "value", inverse: true, min: 0, max: tall, show: false },
      { type: "value", min: 0, show: false },
    ],
    tooltip: {
      trigger: "item", confine: true, backgroundColor: colours.panel, borderColor: colours.rule, textStyle: { color: colours.text, fontSize: 13 },
      formatter: (at) => tellOf(drawn[at.dataIndex]),
    },
    dataZoom: [
      {
        type: "inside", filterMode: "none", minValueSpan: 500, zoomOnMouseWheel: true, moveOnMouseMove: true, throttle: 30,
        // A finger goes on scrolling the page.
        preventDefaultMouseMove: !matchMedia("(pointer: coarse)").matches,
      },
      {
        type: "slider", filterMode: "none", minValueSpan: 500, bottom: 8, height: 34, throttle: 30, brushSelect: true,
        dataBackground: shadow(colours.block), selectedDataBackground: shadow(colours["server-send"]),
        labelFormatter: (time) => instant(time, (seen[1] - seen[0]) / 10), textStyle: { color: colours.dim }, borderColor: colours.rule,
        fillerColor: colours.band, backgroundColor: "transparent", handleStyle: { color: colours.panel, borderColor: colours.accent }, moveHandleStyle: { color: colours.rule },
        emphasis: { handleStyle: { borderColor: colours.accent }, moveHandleStyle: { color: colours.accent } },
      },
    ],
    series: [
      { id: "bands", type: "custom", silent: true, z: 0, tooltip: { show: false }, data: bands.map((one) => [first, one.begin, one.end]), renderItem: drawBand },
      // Not drawn itself; the slider has its shape.
      { id: "load", type: "line", step: "end", yAxisIndex: 1, silent: true, symbol: "none", lineStyle: { opacity: 0 }, tooltip: { show: false }, data: load },
      { id: "jobs", type: "custom", z: 2, clip: true, encode: { x: [0, 1], y: 2 }, data: [], renderItem: drawItem },
    ],
  };
}

// A label needs about eighty pixels.
const tickStep = () => stepFor(seen[1] - seen[0], Math.max(2, Math.floor((byId("chart").clientWidth - byId("lanes").clientWidth) / 80)));

// The ends of the window, which have ticks too, are mostly no round times.
function tickLabel(time) {
  const step = tickStep();
  return Math.abs(time / step - Math.round(time / step)) > 1e-6 ? "" : instant(time, step);
}

const shadow = (colour) => ({ lineStyle: { color: colour, opacity: 0.9 }, areaStyle: { color: colour, opacity: 0.35 } });

function drawBand(place, api) {
  const [, top] = api.coord([first, api.value(1)]);
  const { x, width } = place.coordSys;
  return box(x, top - 2, width, api.value(2) - api.value(1) + 4, { fill: colours.band });
}

function drawItem(place, api) {
  const bar = drawn[place.dataIndex];
  if (!bar) return null;
  const toPixel = (time) => api.coord([time, 0])[0];
  const [left, top] = api.coord([bar.begin, tops[bar.lane]]);
  const pad = rowHeight > 9 ? 1.5 : 0.5;
  return drawBar(bar, left, toPixel(bar.end), top + pad, rowHeight - 2 * pad, toPixel, [place.coordSys.x, place.coordSys.x + place.coordSys.width], selectedJob);
}

function redraw() {
  const zoom = chart.getOption().dataZoom[0];
  seen = [zoom.startValue, zoom.endValue];
  const width = Math.max(chart.getWidth() - byId("lanes").clientWidth - 14, 50);
  const span = seen[1] - seen[0];
  // Half a window more on both sides is there when it is dragged.
  drawn = visibleBars(seen[0] - span / 2, seen[1] + span / 2, span / width);
  // What failed, and the chosen job, must not be under another.
  const weight = (bar) => (bar.jobs.includes(selectedJob) ? 2 : bar.jobs.some((job) => job.failed) ? 1 : 0);
  drawn.sort((one, other) => weight(one) - weight(other));
  chart.setOption({ xAxis: { interval: tickStep() }, series: [{ id: "jobs", data: drawn.map((bar) => [bar.begin, bar.end, tops[bar.lane]]) }] });
}

let waiting = false;
function redrawSoon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    redraw();
  });
}

function tellOf(bar) {
  if (!bar) return "";
  if (bar.jobs.length > 1) {
    const failed = bar.jobs.filter((job) => job.failed).length;
    return make("div", {}, make("b", {}, `${whole(bar.jobs.length)} jobs`), failed ? `, ${whole(failed)} failed` : "", make("div", { class: "dim" }, "A click zooms in."));
  }
  const [job] = bar.jobs;
  const where = job.place.kind === "server" ? inFull(job.place.host) : job.place.title;
  return make("div", { class: "tip" }, make("b", { class: "mono" }, job.title),
    make("div", {}, `${job.took === null ? "its end is not known" : duration(job.took)}, ${where}${job.failed ? `, ${outcome(job)}` : ""}`),
    job.why ? make("div", { class: "dim" }, job.why) : null);
}

function zoomTo(from, to) {
  const span = Math.min(Math.max(to - from, 500), last - first);
  const begin = Math.min(Math.max(from, first), last - span);
  chart.dispatchAction({ type: "dataZoom", startValue: begin, endValue: begin + span });
}

// factor: of the span that is seen; shift: by which part of it to move
function zoomBy(factor, shift = 0) {
  const span = seen[1] - seen[0], middle = (seen[0] + seen[1]) / 2 + shift * span;
  zoomTo(middle - (span * factor) / 2, middle + (span * factor) / 2);
}

const ZOOMS = { in: () => zoomBy(0.5), out: () => zoomBy(2), all: () => zoomTo(first, last), left: () => zoomBy(1, -0.25), right: () => zoomBy(1, 0.25) };
const KEYS = { "+": "in", "=": "in", "-": "out", "0": "all", Home: "all", ArrowLeft: "left", ArrowRight: "right" };

// So that the job is to be seen, with what was around it.
function showInTimeline(job) {
  const length = Math.max(job.end - job.begin, 1000);
  // Where the window is narrow, they cover it.
  if (innerWidth < 700) hideDetails();
  zoomTo(job.begin - 2 * length, job.end + 2 * length);
  byId("timeline").scrollIntoView({ block: "center" });
}

function markInTimeline(job) {
  selectedJob = job;
  if (!chart) return;
  if (job && (job.end < seen[0] || job.begin > seen[1])) {
    const half = (seen[1] - seen[0]) / 2;
    zoomTo(job.begin - half, job.begin + half);
  }
  redrawSoon();
}

function recolour() {
  readColours();
  const zoom = [...seen];
  chart.setOption(options());
  zoomTo(...zoom);
  redrawSoon();
}

function buildTimeline(choose) {
  first = jobs.reduce((least, job) => Math.min(least, job.begin), 0);
  last = jobs.reduce((most, job) => Math.max(most, job.end), Math.max(build.took, 1));
  seen = [first, last];
  load = jobsAtOnce();
  const element = byId("chart");
  readColours();
  layOut();
  chart = echarts.init(element, null, { renderer: "canvas" });
  chart.setOption(options());
  redraw();
  chart.on("datazoom", redrawSoon);
  chart.on("click", { seriesId: "jobs" }, (at) => {
    const bar = drawn[at.dataIndex];
    if (bar.jobs.length > 1) zoomTo(bar.begin - (bar.end - bar.begin) / 4, bar.end + (bar.end - bar.begin) / 4);
    else choose(bar.jobs[0], element);
  });
  element.addEventListener("keydown", (event) => {
    const zoom = event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS[event.key];
    if (!zoom) return;
    event.preventDefault();
    ZOOMS[zoom]();
  });
  for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", ZOOMS[button.dataset.zoom]);
  new ResizeObserver(() => {
    if (chart.getWidth() === element.clientWidth) return;
    chart.resize();
    recolour();
  }).observe(element);
  watchers.push(redrawSoon);
  const kinds = [["server", "On a server", true], ["here", "Here", true], ["failed", "\u00d7 Failed", jobs.some((job) => job.failed)], ["unknown", "Not known", places.some((one) => one.kind === "unknown")]];
  const shades = [["preprocess", "preprocess here"], ["send", "send"], ["compile", "compile"], ["receive", "receive"]];
  fill(byId("legend"),
    ...kinds.filter(([, , there]) => there).map(([kind, title]) => make("span", {}, make("span", { class: `dot ${kind}` }), title)),
    make("span", { class: "shades" }, ...shades.map(([shade, title]) => make("span", {}, make("span", { class: `dot shade ${shade}` }), title))));
}
