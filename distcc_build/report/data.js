// What report/data.py wrote into the page.

const report = JSON.parse(byId("data").textContent);
const { build, tally, places } = report;

const nameOf = (host) => (Object.hasOwn(report.names, host) ? report.names[host] : "");

// A server's name with its address, or what there is of them.
const inFull = (host) => (nameOf(host) ? `${nameOf(host)} (${host})` : host);

// Where all servers are in one domain, their first names tell them apart.
const domains = new Set(places.filter((place) => place.kind === "server").map((place) => place.name.replace(/^[^.]*/, "")));
const short = (name) => (domains.size === 1 ? name.split(".")[0] : name);

for (const place of places) {
  const texts = {
    here: ["this machine", place.name],
    unknown: ["not known", ""],
    server: [short(place.name) || place.host, place.name ? place.host : ""],
  };
  [place.title, place.more] = texts[place.kind];
}

const lanes = report.lanes.map(([place, slot, extra], number) => ({ place: places[place], slot, extra, number }));

const jobs = report.jobs.map((row, number) => {
  const [lane, began, begin, end, ended, file, output, cwd, status, size, why, tried, phases, words, more, compiles, failed, pid] = row;
  const job = {
    number, began, begin, end, ended, status, size, more, pid,
    lane: lanes[lane],
    place: lanes[lane].place,
    file: report.texts[file],
    output: report.texts[output],
    cwd: report.texts[cwd],
    why: report.texts[why],
    tried: tried.map((one) => report.texts[one]),
    compiles: compiles === 1,
    failed: failed === 1,
    waited: Math.max(begin - began, 0),
    took: ended === null ? null : Math.max(ended - began, 0),
    phases: [],
    command: () => words.map((one) => report.texts[one]),
    first: report.texts[words[0]] ?? "",
  };
  for (let at = 0; at < phases.length; at += 3) {
    const next = at + 3 < phases.length ? phases[at + 3] : (ended ?? end);
    job.phases.push({
      begin: phases[at],
      end: Math.max(next, phases[at]),
      name: report.phases[phases[at + 1]],
      host: report.texts[phases[at + 2]],
    });
  }
  job.title = job.file || job.output || job.first;
  return job;
});

// How the whole job ended, in a word or two.
const outcome = (job) => (job.status !== null ? (job.failed ? ending(job.status) : "ok") : job.failed ? "killed" : "not known");
