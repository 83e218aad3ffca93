// Filters.
const controls = document.querySelector(".controls");
const inputs = Object.fromEntries(all("[data-filter]", controls).map((input) => [input.dataset.filter, input]));
const wanted = (name) => (inputs[name] ? inputs[name].value : "");
const apply = () => {
  const [task, budget, stratum] = ["task", "budget", "stratum"].map(wanted);
  const part = wanted("row").trim().toLowerCase();
  const fits = (name) => name.toLowerCase().includes(part);
  const articles = all("article");
  for (const article of articles) {
    const { dataset } = article;
    article.classList.toggle("off", !((!task || dataset.task === task) && (!budget || dataset.budget === budget)));
  }
  for (const table of all("table")) {
    const drop = heads(table).map((head) => Boolean(stratum && head.dataset.stratum && head.dataset.stratum !== stratum));
    for (const row of table.rows) {
      [...row.cells].forEach((cell, i) => cell.classList.toggle("off", drop[i]));
      if (table.dataset.rows !== undefined && row.parentElement !== table.tHead) {
        row.classList.toggle("off", !fits(row.querySelector("th").textContent));
      }
    }
  }
  for (const panel of all("svg[data-stratum]")) panel.classList.toggle("off", stratum && panel.dataset.stratum !== stratum);
  for (const group of all("g[data-row]")) group.classList.toggle("dim", !fits(group.dataset.row));
  const shown = articles.filter(visible);
  const rows = all("table.ranking tbody tr").filter((row) => visible(row) && visible(row.closest("article")));
  const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
  controls.querySelector("output").textContent =
    task || budget || stratum || part
      ? `Shown: ${plural(shown.length, "table")} of ${articles.length}, ${plural(rows.length, "row")}`
      : "";
};
for (const input of Object.values(inputs)) input.addEventListener("input", apply);
controls.querySelector("[data-reset]").addEventListener("click", () => {
  for (const input of Object.values(inputs)) input.value = "";
  apply();
});
controls.hidden = all("table").length === 0;
// A browser that comes back to a page may remember what was chosen.
if (Object.values(inputs).some((input) => input.value)) apply();

