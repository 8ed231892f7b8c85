// Which jobs are shown.  Whoever shows some asks to be told of each change.

const filter = { text: "", servers: false, here: false, unknown: false, failed: false, others: false, host: null, cause: null };
const matching = new Uint8Array(jobs.length).fill(1);
const watchers = [];

for (const job of jobs) {
  const status = job.failed ? `failed ${outcome(job)}` : outcome(job);
  const where = `${job.place.title} ${job.place.name} ${job.place.more} ${job.tried.map(inFull).join(" ")}`;
  job.hay = `${job.file} ${job.output} ${where} ${job.why} ${status}`.toLowerCase();
}

function setFilter(changes) {
  Object.assign(filter, changes);
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const kinds = { server: filter.servers, here: filter.here, unknown: filter.unknown };
  const anyKind = Object.values(kinds).includes(true);
  for (const job of jobs) {
    matching[job.number] =
      (!anyKind || kinds[job.place.kind]) &&
      (!filter.failed || job.failed) &&
      (!filter.others || !job.compiles) &&
      (filter.host === null || job.place === filter.host) &&
      (filter.cause === null || (job.why === filter.cause && job.compiles && job.place.kind !== "server")) &&
      words.every((word) => job.hay.includes(word)) ? 1 : 0;
  }
  for (const tell of watchers) tell();
}

const isFiltered = () => matching.includes(0);
const clearFilter = () =>
  setFilter({ text: "", servers: false, here: false, unknown: false, failed: false, others: false, host: null, cause: null });

function buildFilter() {
  const search = byId("search");
  search.addEventListener("input", () => setFilter({ text: search.value }));
  const number = (test) => jobs.filter(test).length;
  const toggles = [
    ["servers", "On servers", number((job) => job.place.kind === "server")],
    ["here", "Here", number((job) => job.place.kind === "here")],
    ["unknown", "Not known", number((job) => job.place.kind === "unknown")],
    ["failed", "Failed", number((job) => job.failed)],
    ["others", "Other than compiles", number((job) => !job.compiles)],
  ];
  const chips = toggles
    .filter(([name, , count]) => count || name === "servers" || name === "here" || name === "failed")
    .map(([name, title, count]) =>
      make("button", { type: "button", class: "chip", "data-chip": name, onclick: () => setFilter({ [name]: !filter[name] }) },
        title, make("span", { class: "dim" }, whole(count))));
  const picked = make("span", { class: "picked" });
  fill(byId("chips"), ...chips, picked);
  watchers.push(() => {
    if (search.value !== filter.text) search.value = filter.text;
    for (const chip of chips) chip.setAttribute("aria-pressed", filter[chip.dataset.chip]);
    const remove = (title, changes) =>
      make("button", { type: "button", class: "chip", "aria-pressed": "true", "aria-label": `Remove filter: ${title}`, onclick: () => setFilter(changes) },
        make("span", { class: "cut" }, title), make("span", { "aria-hidden": "true" }, "\u00d7"));
    fill(picked,
      filter.host === null ? null : remove(filter.host.title, { host: null }),
      filter.cause === null ? null : remove(filter.cause, { cause: null }),
      isFiltered() ? make("button", { type: "button", class: "chip plain", onclick: clearFilter }, "Show all") : null);
    const shown = matching.reduce((sum, one) => sum + one, 0);
    byId("count").textContent = `${whole(shown)} of ${many(jobs.length, "job", "jobs")}`;
  });
}
