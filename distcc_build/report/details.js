// All that is known of one job.

function showDetails(job, close) {
  const panel = byId("details");
  const title = make("h2", { tabindex: "-1", class: "mono" }, job.title);
  const facts = [
    ["Status", make("span", { class: job.failed ? "failed" : null }, ended(job))],
    ["Where", whereOf(job)],
    ["Why here", job.why],
    ["Servers tried", job.tried.map(inFull).join(", ")],
    ["Took", job.took === null ? "not known" : duration(job.took)],
    ["Began", `${instant(job.began, 1)} into the build`],
    ["Waited for a slot", job.waited ? duration(job.waited) : ""],
    ["Source", job.file],
    ["Output", job.output && (job.size === null ? job.output : `${job.output}, ${bytes(job.size)}`)],
    ["Folder", job.cwd],
    ["Process", String(job.pid)],
  ];
  fill(panel,
    make("div", { class: "bar" }, title, make("button", { type: "button", id: "close", "aria-label": "Close the details", onclick: close }, "\u00d7")),
    make("dl", { class: "facts" }, ...facts.filter(([, text]) => text).flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)])),
    job.phases.length ? make("h3", {}, "Phases") : null,
    job.phases.length ? phasesOf(job) : null,
    make("div", { class: "bar" }, make("h3", {}, "Command"), copyButton(job)),
    make("pre", { class: "command", tabindex: "0", "aria-label": "Command line" }, ...wordsOf(job)),
    job.more ? make("p", { class: "dim small" }, `${many(job.more, "word", "words")} more; the line is too long for this page.`) : null,
    make("button", { type: "button", id: "find", onclick: () => showInTimeline(job) }, "Show in the timeline"));
  panel.hidden = false;
  document.body.classList.add("with-details");
  panel.scrollTop = 0;
  title.focus({ preventScroll: true });
}

function hideDetails() {
  byId("details").hidden = true;
  document.body.classList.remove("with-details");
}

function ended(job) {
  if (job.status === null) return job.failed ? "\u2717 it was killed" : "not known";
  if (job.status === 0) return "\u2713 ok, exit status 0";
  return job.status < 0 ? `\u2717 ended by signal ${-job.status}` : `\u2717 exit status ${job.status}`;
}

function whereOf(job) {
  const { kind, host, title, more } = job.place;
  const place = kind === "server" ? inFull(host) : more ? `${title} (${more})` : title;
  return job.lane.slot === null ? place : `${place}, slot ${job.lane.slot}`;
}

function phasesOf(job) {
  const longest = Math.max(1, ...job.phases.map((phase) => phase.end - phase.begin));
  return make("table", { class: "plain phases" }, make("tbody", {}, ...job.phases.map((phase) => {
    const bar = make("span", { style: `background:var(--${shadeOf(job, phase)})` });
    bar.style.width = `${(100 * (phase.end - phase.begin)) / longest}%`;
    return make("tr", {}, make("th", { scope: "row" }, phase.name), make("td", { class: "dim" }, onServer(phase) ? short(nameOf(phase.host)) || phase.host : "here"),
      make("td", { class: "number" }, duration(phase.end - phase.begin)), make("td", { class: "part", "aria-hidden": "true" }, bar));
  })));
}

// A line ends between words where it can.
const wordsOf = (job) => job.command().flatMap((word, number) => [number ? " " : "", make("span", { class: "word" }, word)]);

function copyButton(job) {
  const button = make("button", { type: "button", id: "copy", onclick: () => {
    copyText(job.command().join(" ")).then((done) => {
      button.textContent = done ? "Copied" : "Could not copy";
    });
  } }, "Copy");
  return button;
}

// From a file, some browsers have no clipboard for a page, but still the older way.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", { class: "unseen" });
    area.value = text;
    byId("details").append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    byId("copy").focus();
    return done;
  }
}
