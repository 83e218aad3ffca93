// Filters of claims: of the table, the figure of all effects with its numbers, and the sections. Every claim's row,
// panel and section stand in one order, which sorting changes for rows alone: so each row keeps its section by its link.
const controls = document.querySelector(".controls");
const inputs = Object.fromEntries(all("[data-filter]", controls).map((input) => [input.dataset.filter, input]));
const sections = all("article.claim");
const panels = all("figure.forests svg");
const rows = new Map(all("table.claims tbody tr").map((row) => [row.querySelector("th a").hash.slice(1), row]));
const numbers = all("table.forests-numbers tbody tr");
const apply = () => {
  const { family, verdict, row } = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value]));
  const part = row.trim().toLowerCase();
  const names = new Set();
  sections.forEach((section, i) => {
    const of = rows.get(section.querySelector("h2").id);
    const text = `${of.textContent} ${section.querySelector(".setting").textContent}`.toLowerCase();
    const { dataset } = section;
    const fits =
      (!family || dataset.family === family) && (!verdict || dataset.verdict === verdict) && text.includes(part);
    for (const element of [section, of, panels[i]]) element?.classList.toggle("off", !fits);
    if (fits) names.add(dataset.task);
  });
  for (const line of numbers) line.classList.toggle("off", !names.has(line.cells[0].textContent));
  const asked = family || verdict || part;
  controls.querySelector("output").textContent = asked
    ? `Shown: ${names.size} of ${sections.length === 1 ? "1 claim" : `${sections.length} claims`}`
    : "";
};
for (const input of Object.values(inputs)) input.addEventListener("input", apply);
controls.querySelector("[data-reset]").addEventListener("click", () => {
  for (const input of Object.values(inputs)) input.value = "";
  apply();
});
controls.hidden = sections.length === 0;
// A browser that comes back to a page may remember what was chosen.
if (Object.values(inputs).some((input) => input.value)) apply();
