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
