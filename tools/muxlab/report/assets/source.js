// The source that made the call, with its line lit. The text was marked up when the page was written.

// `other`: a trace whose sources are compared with these; lines that it does not have are marked.
function makeSource(label, other = null) {
  const place = h("figcaption", { class: "place" }, "no source line yet");
  const code = h("div", { class: "code", tabindex: "0", role: "region", "aria-label": `Source of ${label}` });
  const element = h("figure", { class: "source" }, place, code);
  let shown = null;
  let lit = null;

  function show(trace, frame) {
    const lines = data.sources[trace.sources[frame.file]];
    if (shown !== lines) {
      shown = lines;
      const list = h("ol", {});
      const theirs = data.sources[other?.sources[frame.file]];
      const known = theirs && new Set(theirs.map(([, html]) => html));
      const changed = lines.map(([, html]) => Boolean(known) && !known.has(html));
      list.innerHTML = lines.map((line, i) => listing(line, i, changed[i] && (changed[i - 1] ? 2 : 1))).join("");
      code.replaceChildren(list);
    }
    const line = code.firstElementChild.children[frame.line - 1] ?? null;
    if (line) bringIntoView(code, line);
    return line;
  }

  // `before`: the steps that led to this one.
  function update(trace, step, before) {
    mark(lit, false);
    const frame = labFrame(trace, step);
    place.replaceChildren(...(frame ? whereIs(frame) : ["no source line for this call"]));
    // A signal, say, or a call that was never seen to return: the thread's last place stays, unlit.
    const last =
      frame ??
      labFrame(
        trace,
        before.findLast((one) => one.tid === step?.tid && labFrame(trace, one)),
      );
    const line = last && show(trace, last);
    lit = frame ? line : null;
    mark(lit, true);
  }

  return { element, update };
}

// The lab's own frame, if there is one: a call made deep in common/ was asked for by a line of the lab.
function labFrame(trace, step) {
  const known = (step?.stack ?? []).filter((one) => data.sources[trace.sources[one.file]]);
  return known.find((one) => one.file.startsWith("labs/")) ?? known[0] ?? null;
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

// 'lab03::EpollServer::run()' → 'run', 'void lab05::callLogged<std::function<void ()>>(…)' → 'callLogged'
function bare(name) {
  let text = (name ?? "").replaceAll("(anonymous namespace)::", "").replace("operator()", "operator");
  for (let shorter = ""; shorter !== text; ) {
    shorter = text;
    text = text.replace(/<[^<>]*>/g, "");
  }
  text = text.replace(/\(.*/s, "").split("::").at(-1).split(" ").at(-1);
  return text === "operator" ? "a lambda" : text;
}

const listing = ([indent, html], i, changed) =>
  `<li data-line="${i + 1}"${changed ? ` class="changed${changed === 1 ? " first" : ""}"` : ""} style="--indent:${indent}">${html || " "}</li>`;

// Only the box scrolls, never the page.
function bringIntoView(box, line) {
  box.scrollTo({ top: line.offsetTop - (box.clientHeight - line.offsetHeight) * 0.4, behavior: "instant" });
}
