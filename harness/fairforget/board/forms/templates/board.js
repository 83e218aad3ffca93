"use strict";
// Sorting, filters and downloads. Everything it works on is in the page; without it the page is whole, only at rest.
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const make = (tag, content, type) => {
  const element = document.createElement(tag);
  element.textContent = content;
  if (tag === "button") element.type = "button";
  if (type) element.className = type;
  return element;
};
const heads = (table) => [...table.tHead.rows[0].cells];
const visible = (element) => !element.classList.contains("off");

// Sorting: each body of a table by itself, so reference rows stay below.
for (const table of all("table")) {
  if (table.tBodies.length === 0 || table.rows.length < 3) continue;
  heads(table).forEach((head, column) => {
    const button = make("button", "");
    button.append(...head.childNodes);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const numeric = head.classList.contains("n");
      const now = head.getAttribute("aria-sort");
      const down = now ? now === "ascending" : numeric && column > 0;
      for (const other of heads(table)) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => {
        const cell = row.cells[column];
        if (!numeric) return cell.textContent;
        return cell.dataset.order === undefined ? null : Number(cell.dataset.order);
      };
      for (const body of table.tBodies) {
        const rows = [...body.rows].sort((a, b) => {
          const [x, y] = [value(a), value(b)];
          if (x === null || y === null) return (x === null) - (y === null);
          const order = numeric ? x - y : x.localeCompare(y);
          return down ? -order : order;
        });
        body.append(...rows);
      }
    });
  });
}

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

// Downloads: the rows and columns that are shown, in their order, with every digit.
const read = (table) => {
  const columns = heads(table).map((head, i) => ({ name: head.textContent, i, numeric: head.classList.contains("n") }));
  const kept = columns.filter(({ i }) => visible(heads(table)[i]));
  const rows = [...table.tBodies].flatMap((body) => [...body.rows].filter(visible));
  const number = (text) => (text === undefined ? null : Number(text));
  const value = (cell, numeric) => {
    const { order, n, low, high } = cell.dataset;
    const text = cell.textContent.replace(/\s+/g, " ").trim();
    if (n !== undefined) return { mean: number(order), low: number(low), high: number(high), n: number(n) };
    if (!numeric) return text;
    return order === undefined ? { value: null, text } : { value: number(order), text };
  };
  return { kept, rows: rows.map((row) => kept.map(({ i, numeric }) => value(row.cells[i], numeric))) };
};
const quoted = (value) => {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  // What a spreadsheet would take for a formula is text here.
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return `"${safe.replaceAll('"', '""')}"`;
};
const csv = ({ kept, rows }) => {
  const spread = kept.map(({ name, numeric }, i) => {
    if (!numeric) return [[name, (cell) => cell]];
    if (rows.some((row) => row[i].n !== undefined)) {
      return ["mean", "low", "high", "n"].map((part) => [`${name}: ${part}`, (cell) => cell[part]]);
    }
    return [[name, (cell) => cell.value], [`${name}: as printed`, (cell) => cell.text]];
  });
  const lines = [spread.flat().map(([name]) => quoted(name))];
  for (const row of rows) lines.push(row.flatMap((cell, i) => spread[i].map(([, get]) => quoted(get(cell)))));
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
};
const save = (name, type, content) => {
  const link = make("a", "");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name.toLowerCase().replace(/[^a-z0-9.]+/g, "-");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};
for (const table of all("table")) {
  const place = table.closest("figure, section");
  const article = table.closest("article");
  const title = place.querySelector("h4").textContent;
  const name = `${article.dataset.task}-${table.className.replace("-numbers", "")}`;
  const json = () => {
    const { kept, rows } = read(table);
    const about = { table: article.dataset.task, title, setting: article.querySelector(".setting").textContent };
    return `${JSON.stringify({ ...about, columns: kept.map((column) => column.name), rows }, null, 1)}\n`;
  };
  const tools = make("p", "", "tools");
  for (const [label, ending, type, content] of [
    ["CSV", "csv", "text/csv;charset=utf-8", () => csv(read(table))],
    ["JSON", "json", "application/json", json],
  ]) {
    const button = make("button", label);
    button.setAttribute("aria-label", `Download ${title} as ${label}`);
    button.addEventListener("click", () => save(`${name}.${ending}`, type, content()));
    tools.append(button);
  }
  if (place.matches("figure")) place.querySelector("figcaption").after(tools);
  else table.closest(".scroll").before(tools);
}
