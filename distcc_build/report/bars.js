// What is drawn of the jobs in a window of time: bars, and blocks where bars are too narrow to see.

const inLane = lanes.map(() => []);
for (const job of jobs) inLane[job.lane.number].push(job);
for (const row of inLane) row.sort((one, other) => one.begin - other.begin);

// The first of a lane that ends later than a time; jobs of a lane do not overlap.
function firstAfter(row, time) {
  let low = 0, high = row.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (row[middle].end > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

// unit: microseconds to a pixel.  What is less than two pixels long, and so near to the next that
// the gap is not seen, becomes one block: there are never more than pixels, however many jobs.
function visibleBars(from, to, unit) {
  const found = [];
  for (const row of inLane) {
    let block = null;
    for (let at = firstAfter(row, from); at < row.length && row[at].begin < to; at++) {
      const job = row[at];
      const narrow = job.end - job.begin < 2 * unit;
      if (narrow && block && job.begin - block.end < unit) {
        block.end = job.end;
        block.jobs.push(job);
      } else {
        block = { begin: job.begin, end: job.end, lane: job.lane.number, jobs: [job] };
        found.push(block);
        if (!narrow) block = null;
      }
    }
  }
  return found;
}

// How many jobs had a slot, as steps: what the build's parallelism was.
function jobsAtOnce() {
  const changes = jobs.flatMap((job) => [[job.begin, 1], [job.end, -1]]).sort((one, other) => one[0] - other[0]);
  const steps = [[first, 0]];
  let number = 0;
  // More steps than pixels are of no use.
  const least = (last - first) / 1500;
  for (const [time, change] of changes) {
    number += change;
    if (time - steps.at(-1)[0] < least) steps.at(-1)[1] = Math.max(steps.at(-1)[1], number);
    else steps.push([time, number]);
  }
  steps.push([last, 0]);
  return steps;
}

const SHADES = { start: "send", wait: "send", connect: "send", preprocess: "preprocess", send: "send", compile: "compile", receive: "receive", done: "receive" };

// In a job that came back, what a server did of it has the servers' colour.
function shadeOf(job, phase) {
  const kind = job.place.kind === "here" && !onServer(phase) ? "here" : "server";
  return `${kind}-${SHADES[phase.name]}`;
}

const onServer = (phase) => phase.host !== "" && phase.host !== "localhost";

// The phases of a job in its bar, one behind the other, with their shades.
function shadesOf(job) {
  const found = [];
  let last = job.begin;
  for (const phase of job.phases) {
    const begin = Math.max(phase.begin, last), end = Math.min(phase.end, job.end);
    if (end <= begin) continue;
    found.push({ begin, end, shade: shadeOf(job, phase) });
    last = end;
  }
  return found;
}
