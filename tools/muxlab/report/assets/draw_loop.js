// Lab 05: several threads, each asleep in a wait of its own; a task is handed over by writing to the other's waker.

const WAKERS = new Set(["eventfd", "pipe", "socketpair"]);

function drawLoop(state) {
  const pending = state.pending();
  const handover = handoverAt(state);
  return [
    h("ul", { class: "threads" }, ...state.threads.map((thread) => threadCard(state, thread, pending, handover))),
    handover ? h("p", { class: "caption handover" }, handover.text) : quiet("A thread with nothing to do sleeps in epoll_wait until its waker is written to."),
  ];
}

function threadCard(state, thread, pending, handover) {
  const interest = state.interest(thread);
  const own = interest.filter((entry) => isWaker(state, entry));
  const kind = thread.asleep ? "asleep" : thread.ended ? "ended" : thread.last ? "awake" : "idle";
  const words = thread.asleep
    ? "asleep"
    : thread.ended
      ? "ended"
      : thread.last
        ? thread.tid === state.step?.tid
          ? "running"
          : "awake"
        : "not started";
  const told = thread.told?.ready ?? [];
  return h(
    "li",
    { class: `thread ${kind}${handover?.to === thread.tid ? " target" : ""}${handover?.from === thread.tid ? " origin" : ""}` },
    h("div", { class: "top" }, h("b", {}, thread.name), h("span", { class: `badge ${kind}` }, words)),
    ...own.map((entry) => wakerLine(state, entry, pending.get(entry.fd) ?? 0)),
    interest.length
      ? h(
          "div",
          { class: "watch" },
          ...interest
            .filter((entry) => !own.includes(entry))
            .slice(0, 8)
            .map((entry) => {
              const ready = told.some((one) => one.fd === entry.fd);
              return h("span", { class: `chip ${ready ? "ready" : "asked"}` }, descriptorName(entry.fd, state));
            }),
          interest.length - own.length > 8 ? h("span", { class: "chip more" }, `+ ${interest.length - own.length - 8}`) : null,
        )
      : null,
  );
}

function isWaker(state, entry) {
  const kind = state.descriptorById(entry.descriptor)?.kind;
  return WAKERS.has(kind);
}

function wakerLine(state, entry, value) {
  const kind = state.descriptorById(entry.descriptor)?.kind ?? "waker";
  const unit = kind === "eventfd" ? `count ${count(value)}` : plural(value, "byte");
  return h(
    "div",
    { class: `waker${value ? " ready" : ""}` },
    h("span", {}, `${kind} `, h("span", { class: "fd" }, String(entry.fd))),
    h("span", { class: "value" }, unit),
  );
}

// At the moment of a wake-up: who hands over to whom.
function handoverAt(state) {
  const { step } = state;
  if (!step || (step.kind !== "wake_write" && step.kind !== "wake_drain")) return null;
  const name = (thread) => thread?.name ?? "a thread";
  const writer = state.threads.find((one) => one.tid === step.tid);
  if (step.kind === "wake_drain") {
    return { to: step.tid, from: null, text: `${name(writer)} empties its waker, then runs what was posted.` };
  }
  const fd = state.readingEnd(step);
  const to = state.threads.find((one) => state.interest(one).some((entry) => entry.fd === fd));
  const text = to ? `${name(writer)} posted a task and wakes ${name(to)}.` : `${name(writer)} writes a wake-up.`;
  return { to: to?.tid ?? null, from: step.tid, text };
}
