// Lab 05: several threads, each asleep in a wait of its own; a task is handed over by writing to the other's waker.

const MOST_WATCHED = 12;
const WAKERS = new Set(["eventfd", "pipe", "socketpair"]);

function drawLoop(state) {
  const pending = state.pending();
  const handover = handoverAt(state);
  return [
    h("ul", { class: "threads" }, ...state.threads.map((thread) => threadCard(state, thread, pending, handover))),
    handover
      ? h("p", { class: "caption handover" }, handover.text)
      : state.threads.length > 2
        ? ""
        : quiet("A thread with nothing to do sleeps in epoll_wait until its waker is written to."),
  ];
}

function threadCard(state, thread, pending, handover) {
  const interest = state.interest(thread);
  const own = interest.filter((entry) => isWaker(state, entry));
  const kind = thread.asleep || thread.stuck ? "asleep" : thread.ended ? "ended" : thread.last ? "awake" : "idle";
  const words = isDoing(thread, state);
  const told = thread.told?.ready ?? [];
  const rest = interest.filter((entry) => !own.includes(entry));
  return h(
    "li",
    {
      class: `thread ${kind}${handover?.to === thread.tid ? " target" : ""}${handover?.from === thread.tid ? " origin" : ""}`,
    },
    h("div", { class: "who" }, h("b", {}, thread.name), h("span", { class: `badge ${kind}` }, words)),
    h(
      "ul",
      { class: "chips" },
      ...own.map((entry) => wakerChip(state, entry, pending.get(entry.fd) ?? 0)),
      ...rest.slice(0, MOST_WATCHED).map((entry) => {
        const kind = told.some((one) => one.fd === entry.fd) ? "ready" : "asked";
        return rest.length > ROOM
          ? numberChip(entry.fd, kind, state.clientOf(entry.fd))
          : h("li", { class: `chip ${kind}` }, descriptorName(entry.fd, state));
      }),
      rest.length > MOST_WATCHED ? h("li", { class: "chip more" }, `+ ${rest.length - MOST_WATCHED}`) : null,
    ),
  );
}

function isDoing(thread, state) {
  if (thread.stuck) return `asleep in ${shortName(thread.stuck)}`;
  if (thread.asleep) return "asleep";
  if (thread.ended) return "ended";
  if (!thread.last) return "not started";
  return thread.tid === state.step?.tid ? "running" : "awake";
}

function isWaker(state, entry) {
  const kind = state.descriptorById(entry.descriptor)?.kind;
  return WAKERS.has(kind);
}

// An eventfd holds a count, a pipe or a socket pair bytes.
function wakerChip(state, entry, value) {
  const kind = state.descriptorById(entry.descriptor)?.kind ?? "waker";
  return h(
    "li",
    { class: `chip waker ${value ? "ready" : "asked"}`, title: `${kind}: what was written to it and not read yet` },
    descriptorName(entry.fd, state),
    h("span", { class: "value" }, `= ${count(value)}`),
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
  if (step.errno && step.errno !== "EAGAIN")
    return { to: null, from: step.tid, text: `${name(writer)} wants to wake ${name(to)}: ${step.errno}.` };
  const whom = to?.tid === step.tid ? "itself: it will not sleep before it has run it" : name(to);
  const text = to ? `${name(writer)} posted a task and wakes ${whom}.` : `${name(writer)} writes a wake-up.`;
  return { to: to?.tid ?? null, from: step.tid, text };
}
