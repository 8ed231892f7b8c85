// The table: every job that the filter lets through, a page at a time.

const PAGE = 100;
const COLUMNS = [
  { key: "began", title: "Start", class: "number", text: (job) => instant(job.began, 1e4), value: (job) => job.began },
  { key: "took", title: "Time", class: "number", text: (job) => (job.took === null ? "?" : duration(job.took)), value: (job) => job.took ?? -1 },
  { key: "file", title: "File", value: (job) => job.title },
  { key: "where", title: "Where", text: (job) => job.place.title, value: (job) => job.place.title },
  { key: "slot", title: "Slot", class: "number", text: (job) => (job.lane.slot === null ? "" : String(job.lane.slot)), value: (job) => job.lane.slot ?? -1 },
  { key: "status", title: "Status", text: (job) => (job.failed ? `\u2717 ${outcome(job)}` : outcome(job)), value: outcome },
  { key: "why", title: "Why here", text: (job) => job.why, value: (job) => job.why },
];
const order = { key: "began", down: false };
let rows = [], at = 0, tableChoose;
const compare = new Intl.Collator("en", { numeric: true }).compare;

function buildTable(choose) {
  tableChoose = choose;
  watchers.push(() => fillTable(true));
}

function fillTable(anew) {
  const { value } = COLUMNS.find((column) => column.key === order.key);
  rows = jobs.filter((job) => matching[job.number]);
  const numeric = rows.length > 0 && typeof value(rows[0]) === "number";
  rows.sort((one, other) => (numeric ? value(one) - value(other) : compare(value(one), value(other))) || one.number - other.number);
  if (order.down) rows.reverse();
  showPage(anew ? 0 : at);
}

function showPage(number) {
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  at = Math.min(Math.max(number, 0), pages - 1);
  const head = make("tr", {}, ...COLUMNS.map((column) => {
    const sorted = order.key === column.key;
    return make("th", { scope: "col", class: `${column.key} ${column.class ?? ""}`, "aria-sort": sorted ? (order.down ? "descending" : "ascending") : null },
      make("button", { type: "button", "data-sort": column.key, onclick: () => sortBy(column.key) }, column.title,
        make("span", { class: "arrow", "aria-hidden": "true" }, sorted ? (order.down ? "\u2193" : "\u2191") : "")));
  }));
  const body = make("tbody", {}, ...rows.slice(at * PAGE, (at + 1) * PAGE).map(tableRow));
  fill(byId("table"), make("thead", {}, head), body);
  byId("nothing").hidden = rows.length > 0 || jobs.length === 0;
  byId("table").hidden = rows.length === 0;
  const turn = (title, to, label) => make("button", { type: "button", "aria-label": label, disabled: to === at || to < 0 || to >= pages, onclick: () => turnTo(to, label) }, title);
  fill(byId("pager"), ...(pages === 1 ? [] : [
    turn("\u00ab", 0, "First page"), turn("\u2039", at - 1, "Previous page"),
    make("span", {}, `${whole(at * PAGE + 1)} to ${whole(Math.min(rows.length, (at + 1) * PAGE))} of ${whole(rows.length)}`),
    turn("\u203a", at + 1, "Next page"), turn("\u00bb", pages - 1, "Last page")]));
}

// The buttons are made anew: who pressed one by key goes on from there.
function turnTo(page, label) {
  showPage(page);
  const same = byId("pager").querySelector(`[aria-label="${label}"]`);
  (same.disabled ? byId("pager").querySelector("button:enabled") : same)?.focus();
}

function sortBy(key) {
  // What is long or late is looked for first.
  const down = order.key === key ? !order.down : key === "took";
  Object.assign(order, { key, down });
  fillTable(true);
  byId("table").querySelector(`[data-sort="${key}"]`).focus();
}

function tableRow(job) {
  const cells = COLUMNS.map((column) => {
    const classes = `${column.key} ${column.class ?? ""}`;
    if (column.key !== "file") return make("td", { class: classes, title: column.key === "why" ? job.why : null }, column.text(job));
    return make("td", { class: classes }, make("button", { type: "button", class: "name", "aria-label": job.title }, path(job.title)),
      make("span", { class: "below dim" }, [job.place.title, job.why].filter(Boolean).join(": ")));
  });
  const row = make("tr", { "data-job": job.number, class: [job.failed && "failed", job === selectedJob && "chosen"].filter(Boolean).join(" ") || null }, ...cells);
  row.addEventListener("click", () => {
    // A text that was marked to be copied was not meant as a click.
    if (getSelection().isCollapsed) tableChoose(job, row.querySelector("button"));
  });
  return row;
}

function markInTable(job) {
  byId("table").querySelector("tr.chosen")?.classList.remove("chosen");
  const number = job ? rows.indexOf(job) : -1;
  if (number < 0) return;
  const page = Math.floor(number / PAGE);
  if (page !== at) showPage(page);
  byId("table").querySelector(`tr[data-job="${job.number}"]`)?.classList.add("chosen");
}
