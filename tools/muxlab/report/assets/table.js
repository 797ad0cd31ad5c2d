// The comparison table is written as HTML; this opens what explains a row, and copies its command.

function makeTables() {
  for (const toggle of document.querySelectorAll(".metric button")) {
    const row = document.getElementById(toggle.getAttribute("aria-controls"));
    toggle.addEventListener("click", () => {
      row.hidden = !row.hidden;
      toggle.setAttribute("aria-expanded", String(!row.hidden));
    });
  }
  for (const copy of document.querySelectorAll("button.copy")) {
    copy.addEventListener("click", async () => {
      const text = copy.previousElementSibling.textContent;
      try {
        await navigator.clipboard.writeText(text);
        copy.textContent = "copied";
      } catch {
        getSelection().selectAllChildren(copy.previousElementSibling);
        copy.textContent = "selected";
      }
      setTimeout(() => (copy.textContent = "copy"), 2000);
    });
  }
}
