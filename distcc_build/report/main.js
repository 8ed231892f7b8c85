// Starts the page, and joins its parts: one job is chosen at a time, everywhere.

let opener = null;

function choose(job, from) {
  opener = from;
  markInTimeline(job);
  markInTable(job);
  showDetails(job, unchoose);
}

function unchoose() {
  hideDetails();
  markInTimeline(null);
  markInTable(null);
  if (opener?.isConnected) opener.focus({ preventScroll: true });
}

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !byId("details").hidden) unchoose();
});

function changeTheme(dark) {
  useTheme(dark);
  byId("theme").textContent = isDark() ? "Light colours" : "Dark colours";
  recolour();
}

buildSummary(choose);
buildFilter();
buildTable(choose);
buildTimeline(choose);
changeTheme(isDark());
byId("theme").addEventListener("click", () => changeTheme(!isDark()));
darkSystem.addEventListener("change", () => changeTheme(darkSystem.matches));
setFilter({});
