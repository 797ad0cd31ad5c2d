// The source that made the call, with its line lit. The text was marked up when the page was written.

function makeSource(label) {
  const place = h("figcaption", { class: "place" }, "no source line yet");
  const code = h("div", { class: "code", tabindex: "0", role: "region", "aria-label": `Source of ${label}` });
  const element = h("figure", { class: "source" }, place, code);
  let shown = null;
  let lit = null;

  function show(trace, frame) {
    const lines = frame ? data.sources[trace.sources[frame.file]] : null;
    if (!lines) return; // a call of the standard library, say: what was shown last stays, unlit
    if (shown !== lines) {
      shown = lines;
      const list = h("ol", {});
      list.innerHTML = lines.map(listing).join("");
      code.replaceChildren(list);
    }
    lit = code.firstElementChild.children[frame.line - 1] ?? null;
    if (!lit) return;
    mark(lit, true);
    bringIntoView(code, lit);
  }

  function update(trace, step) {
    mark(lit, false);
    const known = (step?.stack ?? []).filter((one) => data.sources[trace.sources[one.file]]);
    // The lab's own frame, if there is one: a call made deep in common/ was asked for by a line of the lab.
    const frame = known.find((one) => one.file.startsWith("labs/")) ?? known[0] ?? null;
    place.replaceChildren(...(frame ? whereIs(frame) : ["no source line for this call"]));
    show(trace, frame);
  }

  return { element, update };
}

const NEAR = 4; // lines above and below that are printed with the lit one: paper does not scroll

function mark(line, on) {
  if (!line) return;
  line.classList.toggle("lit", on);
  if (on) line.setAttribute("aria-current", "true");
  else line.removeAttribute("aria-current");
  const lines = line.parentElement.children;
  const at = Number(line.dataset.line) - 1;
  for (let i = Math.max(0, at - NEAR); i <= Math.min(lines.length - 1, at + NEAR); ++i)
    lines[i].classList.toggle("near", on);
}

function whereIs(frame) {
  const file = frame.file.split("/").at(-1);
  return [
    h("span", { class: "file", title: frame.file }, `${file}:${frame.line}`),
    " ",
    h("span", { class: "function" }, bare(frame.function)),
  ];
}

// 'lab03::EpollServer::run()' → 'run'
const bare = (name) => (name ?? "").replace(/\(.*/s, "").split("::").at(-1);

const listing = ([indent, html], i) => `<li data-line="${i + 1}" style="--indent:${indent}">${html || " "}</li>`;

// Only the box scrolls, never the page.
function bringIntoView(box, line) {
  box.scrollTo({ top: line.offsetTop - (box.clientHeight - line.offsetHeight) * 0.4, behavior: "instant" });
}
