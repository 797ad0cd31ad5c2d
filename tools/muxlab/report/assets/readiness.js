// The readiness matrix: one cell has the keyboard, arrow keys move it; hovering or focusing a cell explains it.

function makeReadiness() {
  const table = document.querySelector(".matrix");
  if (!table) return;
  const note = document.getElementById("matrix-note");
  const rows = [...table.querySelectorAll("tbody tr")]
    .map((row) => [...row.querySelectorAll("[role=gridcell]")])
    .filter((cells) => cells.length > 0);
  let at = [0, 0];

  function explain(cell) {
    const row = cell.closest("tr");
    note.replaceChildren(
      h("b", {}, `${row.dataset.title} · ${cell.dataset.column}: `),
      h("span", { class: "answer" }, cell.dataset.says),
      " ",
      row.dataset.why,
    );
  }

  function move(row, column) {
    rows[at[0]][at[1]].tabIndex = -1;
    at = [Math.max(0, Math.min(rows.length - 1, row)), Math.max(0, Math.min(rows[0].length - 1, column))];
    const cell = rows[at[0]][at[1]];
    cell.tabIndex = 0;
    return cell;
  }

  rows.forEach((cells, i) =>
    cells.forEach((cell, j) => {
      cell.addEventListener("pointerenter", () => explain(cell));
      cell.addEventListener("focus", () => {
        move(i, j);
        explain(cell);
      });
      cell.addEventListener("click", () => move(i, j).focus());
    }),
  );
  table.addEventListener("keydown", (event) => {
    const [row, column] = at;
    const steps = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      Home: [row, 0],
      End: [row, rows[0].length - 1],
    };
    if (!steps[event.key]) return;
    event.preventDefault();
    move(...steps[event.key]).focus();
  });
  rows[0][0].tabIndex = 0;
}
