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

