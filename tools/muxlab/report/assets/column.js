// One server: what it does now, its mechanism, its counters, its source.

const DRAW = { select: drawSelect, poll: drawPoll, epoll: drawEpoll, loop: drawLoop };

function makeColumn(trace, title, other = null) {
  const index = indexTrace(trace);
  const heading = newId("server");
  const badge = h("span", { class: "badge" });
  const now = h("p", { class: "now" });
  const line = h("code", { class: "line" });
  const mechanism = h("div", {
    class: "mechanism",
    tabindex: "0",
    role: "region",
    "aria-label": `${title}: what the mechanism holds`,
  });
  const numbers = Object.fromEntries(COUNTERS.map(([name]) => [name, h("dd", {}, "0")]));
  const rows = Object.fromEntries(
    COUNTERS.map(([name, words]) => [name, h("div", { class: "counter" }, h("dt", {}, words), numbers[name])]),
  );
  const source = makeSource(title, other);
  const element = h(
    "article",
    { class: "server", "aria-labelledby": heading },
    h("header", {}, h("h3", { id: heading }, title), badge),
    h("div", { class: "doing" }, now, line),
    mechanism,
    h("dl", { class: "counters" }, ...Object.values(rows)),
    source.element,
  );
  let drawn = null;
  let state = null;
  let says = "";

  // `beat`: it has made all the calls that it makes in this one; null: it is still at work.
  function update(done, beat = null) {
    const inside = beat === null ? null : insideAt(index, done, beat);
    if (drawn === `${done} ${inside?.i}`) return;
    drawn = `${done} ${inside?.i}`;
    element.dataset.done = String(done);
    state = stateAt(index, done, inside);
    const asleep =
      state.threads.some((one) => one.asleep) && state.threads.every((one) => one.asleep || !one.last || one.ended);
    const ended = state.step?.kind === "exit";
    const shown = inside ?? state.step;
    const stuck = inside || isStuck(state.step);
    badge.className = `badge ${ended ? "ended" : stuck || asleep ? "asleep" : "awake"}`;
    badge.textContent = ended ? "ended" : stuck ? `asleep in ${shortName(shown)}` : asleep ? "asleep" : "running";
    says = inside ? sayInside(inside, state) : say(state.step, state);
    now.textContent = says;
    line.textContent = printed(shown ?? undefined);
    line.title = printed(shown ?? undefined);
    mechanism.replaceChildren(...(DRAW[trace.program.mechanism] ?? drawOther)(state));
    for (const [name] of COUNTERS) numbers[name].textContent = count(state.total(name));
    source.update(trace, shown, index.steps.slice(0, done));
  }

  return {
    element,
    title,
    update,
    total: (name) => state.total(name),
    bar: (name, share) => rows[name].style.setProperty("--share", share.toFixed(4)),
    says: () => `${title} ${says}.`,
  };
}

// Of a call that never came back strace has printed the beginning.
const printed = ({ line = "" } = {}) => (/^\w+\([^)]*$/.test(line) ? `${line} …` : line);

const drawOther = (state) => (state.current?.enter?.call?.startsWith("epoll") ? drawEpoll(state) : drawPoll(state));
