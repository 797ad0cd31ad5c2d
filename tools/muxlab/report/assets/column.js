// One server: what it does now, its mechanism, its counters, its source.

const DRAW = { select: drawSelect, poll: drawPoll, epoll: drawEpoll, loop: drawLoop };

function makeColumn(trace, title) {
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
  const source = makeSource(title);
  const element = h(
    "article",
    { class: "server", "aria-labelledby": heading },
    h("header", {}, h("h3", { id: heading }, title), badge),
    h("div", { class: "doing" }, now, line),
    mechanism,
    h("dl", { class: "counters" }, ...Object.values(rows)),
    source.element,
  );
  let drawn = -1;
  let state = null;

  function update(done) {
    if (done === drawn) return;
    drawn = done;
    element.dataset.done = String(done);
    state = stateAt(index, done);
    const asleep =
      state.threads.some((one) => one.asleep) && state.threads.every((one) => one.asleep || !one.last || one.ended);
    const ended = state.step?.kind === "exit";
    badge.className = `badge ${ended ? "ended" : asleep ? "asleep" : "awake"}`;
    badge.textContent = ended ? "ended" : asleep ? "asleep" : "running";
    now.textContent = say(state.step, state);
    line.textContent = state.step?.line ?? "";
    line.title = state.step?.line ?? "";
    mechanism.replaceChildren(...(DRAW[trace.program.mechanism] ?? drawOther)(state));
    for (const [name] of COUNTERS) numbers[name].textContent = count(state.total(name));
    source.update(trace, state.step);
  }

  return {
    element,
    title,
    update,
    total: (name) => state.total(name),
    bar: (name, share) => rows[name].style.setProperty("--share", share.toFixed(4)),
    says: () => `${title} ${say(state.step, state)}.`,
  };
}

const drawOther = (state) => (state.current?.enter?.call?.startsWith("epoll") ? drawEpoll(state) : drawPoll(state));
