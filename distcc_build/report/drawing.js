// How a bar looks.  Colours come from theme.css; what failed has a mark as well as a colour.

let colours = {};

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["text", "dim", "rule", "panel", "band", "failed", "faint", "block", "unknown", "accent"];
  for (const kind of ["server", "here"]) {
    for (const shade of ["preprocess", "send", "compile", "receive"]) names.push(`${kind}-${shade}`);
  }
  colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

const box = (x, y, width, height, style) => ({ type: "rect", silent: false, shape: { x, y, width, height }, style });

// bar: one of visibleBars; left, right: its pixels; top, height: of its lane; edges: of the picture
function drawBar(bar, left, right, top, height, toPixel, edges, selected) {
  const children = [];
  const width = Math.max(right - left, 1.5);
  const shown = bar.jobs.some((job) => matching[job.number]);
  const failed = shown && bar.jobs.some((job) => job.failed && matching[job.number]);
  const job = bar.jobs.length === 1 ? bar.jobs[0] : null;
  // A hair between two jobs, where there is room for one.
  const drawn = width > 4 ? width - 1 : width;
  children.push(box(left, top, drawn, height, { fill: barColour(bar, job, shown, failed) }));
  if (job && shown && !failed && job.place.kind !== "unknown" && width > 6) {
    for (const phase of shadesOf(job)) {
      const from = toPixel(phase.begin), to = Math.min(toPixel(phase.end), left + drawn);
      if (to - from < 0.5) continue;
      children.push(box(from, top, to - from, height, { fill: colours[phase.shade] }));
    }
  }
  if (failed) {
    // In the part of it that is seen.
    const from = Math.max(left, edges[0]), to = Math.min(left + drawn, edges[1]);
    children.push(...failedMark(from, to - from, top, height));
  }
  if (job && job === selected) {
    children.push(box(left - 2, top - 2, Math.max(drawn, 2) + 4, height + 4, { fill: "none", stroke: colours.text, lineWidth: 2 }));
  }
  return { type: "group", children };
}

function barColour(bar, job, shown, failed) {
  if (!shown) return colours.faint;
  if (failed) return colours.failed;
  const kind = lanes[bar.lane].place.kind;
  if (kind === "unknown") return colours.unknown;
  return job ? colours[`${kind}-compile`] : colours[`${kind}-send`];
}

// A cross in the bar, or above it a wedge if it is too small for one.
function failedMark(left, width, top, height) {
  const x = left + width / 2, y = top + height / 2;
  const arm = Math.min(height / 2 - 2, 4);
  if (width < 10 || arm < 2) {
    const points = [[x - 4, top - 3], [x + 4, top - 3], [x, top + 3]];
    return [{ type: "polygon", shape: { points }, style: { fill: colours.failed, stroke: colours.panel, lineWidth: 1 } }];
  }
  const line = (from, to) => ({ type: "line", shape: { x1: x - arm, y1: y + from, x2: x + arm, y2: y + to }, style: { stroke: colours.panel, lineWidth: 2 } });
  return [line(-arm, arm), line(arm, -arm)];
}
