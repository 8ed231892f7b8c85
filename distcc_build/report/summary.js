// The figures above the timeline, and the three lists below it.

function buildSummary(choose) {
  document.title = `Build report: ${build.command}`;
  byId("command").textContent = build.command;
  const well = build.status === 0;
  byId("verdict").textContent = well ? "\u2713 succeeded" : `\u2717 failed, exit ${build.status}`;
  byId("verdict").className = well ? "verdict" : "verdict failed";
  const began = new Date(build.began).toLocaleString("en-GB", { dateStyle: "long", timeStyle: "medium" });
  byId("when").textContent = `${began}, on ${build.client}, in ${build.cwd}`;
  fill(byId("remarks"), ...report.remarks.map((text) => make("p", {}, `${text[0].toUpperCase()}${text.slice(1)}.`)));

  const tile = (title, value, more, part) =>
    make("div", {}, make("dt", {}, title), make("dd", {}, value),
      part === undefined ? null : make("dd", { class: "meter", "aria-hidden": "true" }, meter(part)),
      more ? make("dd", { class: "dim small" }, more) : null);
  const failed = (tally.failed ? `${whole(tally.failed)} failed` : "none failed") +
    (tally.unknown ? `, ${many(tally.unknown, "end", "ends")} not known` : "");
  const besides = jobs.filter((job) => job.failed && !job.compiles).length;
  const others = tally.others
    ? `, and ${many(tally.others, "other command", "other commands")}${besides ? `, ${whole(besides)} of them failed` : ""}` : "";
  const [saved, basis] = timeSaved();
  fill(byId("tiles"),
    tile("Wall time", duration(build.took), `exit status ${build.status}`),
    tile("Compiles", whole(tally.compiles), failed + others),
    tile("Distributed", share(tally.remote, tally.compiles), `${whole(tally.remote)} on servers, ${whole(tally.compiles - tally.remote)} not`,
      tally.compiles ? tally.remote / tally.compiles : 0),
    tile("Jobs at once", whole(tally.peak), `at most; -j${build.told} was offered, ${many(build.cores, "core", "cores")} here`),
    tile("Time saved", saved, basis));
  buildServers();
  buildCauses();
  const slowest = report.slowest.map((number) => {
    const job = jobs[number];
    return make("li", {}, make("button", { type: "button", class: "line", "aria-label": `${job.title}, ${job.place.title}`, onclick: (event) => choose(job, event.currentTarget) },
      path(job.title),
      make("span", { class: "dim cut" }, job.place.title),
      make("span", { class: "number" }, job.took === null ? "not known" : duration(job.took))));
  });
  fill(byId("slowest"), ...(slowest.length ? slowest : [make("li", { class: "dim" }, "There was no compile.")]));
}

// The figure, and what it rests upon; how it comes about is told below.
function timeSaved() {
  if (tally.remote === 0) return ["none", "no server compiled anything"];
  if (tally.saved === null) {
    byId("estimate").textContent = "The servers are on this machine, and have no processors of their own: nothing can be saved.";
    return ["none", "the servers are here"];
  }
  byId("estimate").textContent = `How the time saved is estimated: servers compiled for ${duration(tally.elsewhere)} in all. For that, ` +
    `${build.cores === 1 ? "the one core" : `the ${build.cores} cores`} of this machine, with nothing else to do, would need ${duration(tally.saved)}, ` +
    "if a server is as fast as this machine. Time that jobs wait in a server counts as compiling. So the build would have taken that much longer at most.";
  return [`at most ${duration(tally.saved)}`, "an estimate, see below"];
}

function meter(part) {
  const bar = make("span");
  bar.style.width = `${100 * part}%`;
  return bar;
}

function buildServers() {
  const most = Math.max(1, ...places.map((one) => one.compiles));
  const head = make("tr", {}, ...["Server", "Compiles", "Busy", "Slots"].map((title, at) =>
    make("th", { scope: "col", class: at ? "number" : null }, title)));
  const rows = places.map((place) => {
    const pick = make("button", { type: "button", class: "line", onclick: () => setFilter({ host: filter.host === place ? null : place }) },
      make("span", { class: `dot ${place.kind}`, "aria-hidden": "true" }),
      make("span", { class: "cut" }, make("b", {}, place.title), " ", make("span", { class: "dim" }, place.more)));
    watchers.push(() => pick.setAttribute("aria-pressed", filter.host === place));
    const slots = place.slots === 0 ? "" : place.limit === null ? `${place.slots}` : `${place.slots} of ${place.limit}`;
    return make("tr", {}, make("td", {}, pick),
      make("td", { class: "number" }, whole(place.compiles), make("div", { class: "meter", "aria-hidden": "true" }, meter(place.compiles / most))),
      make("td", { class: "number" }, duration(place.busy)), make("td", { class: "number" }, slots));
  });
  fill(byId("servers"), make("thead", {}, head), make("tbody", {}, ...rows));
}

function buildCauses() {
  const causes = report.causes.map(([cause, number]) => {
    const pick = make("button", { type: "button", class: "line", onclick: () => setFilter({ cause: filter.cause === cause ? null : cause }) },
      make("span", {}, cause), make("span", { class: "number" }, whole(number)));
    watchers.push(() => pick.setAttribute("aria-pressed", filter.cause === cause));
    return make("li", {}, pick);
  });
  fill(byId("causes"), ...(causes.length ? causes : [make("li", { class: "dim" }, "None did.")]));
}
