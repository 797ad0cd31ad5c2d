// epoll: the interest list that stays in the kernel, the ready list (which no call shows: it is inferred from what the
// calls tell), and what the last wait returned.

const ROOM = 4; // chips with all that is known of a descriptor; more of them show their number only
const MOST_CHIPS = 14;

function drawEpoll(state) {
  const thread = state.current;
  const interest = state.interest(thread);
  if (!thread?.enter && interest.length === 0) return [quiet("No epoll_wait call yet.")];
  const answers = new Map((thread?.told?.ready ?? []).map((one) => [one.fd, eventsOf(one)]));
  const handled = handledSince(state);
  return [
    part("Interest list, in the kernel", interestChips(interest, answers, state), interest.length),
    part("Ready list, inferred", readyList(state, thread, interest, handled)),
    part(
      `epoll_wait ${thread?.told ? "returned" : thread?.asleep ? "sleeps" : "is asked"}`,
      returned(state, thread, interest, handled),
    ),
  ];
}

const numberChip = (fd, kind, title) =>
  h("li", { class: `chip number ${kind}`, title }, h("span", { class: "fd" }, String(fd)));

const part = (title, content, number) =>
  h(
    "div",
    { class: "part" },
    h("h4", {}, title, number === undefined ? null : h("span", { class: "number" }, ` ${number}`)),
    content,
  );

function chips(entries, draw) {
  if (entries.length === 0) return h("p", { class: "none" }, "empty");
  const first = entries.length > MOST_CHIPS ? entries.slice(0, MOST_CHIPS - 1) : entries;
  const left = entries.length - first.length;
  return h(
    "ul",
    { class: "chips" },
    ...first.map(draw),
    left ? h("li", { class: "chip more" }, `+ ${count(left)} more`) : null,
  );
}

function interestChips(interest, answers, state) {
  const dense = interest.length > ROOM;
  const order = dense ? [...interest].sort((a, b) => answers.has(b.fd) - answers.has(a.fd) || a.fd - b.fd) : interest;
  return chips(order, (entry) => interestChip(entry, answers, state, dense));
}

function interestChip(entry, answers, state, dense) {
  const kind = answers.has(entry.fd) ? "ready" : "asked";
  if (dense)
    return numberChip(
      entry.fd,
      `${kind}${entry.fresh ? " fresh" : ""}`,
      `${state.clientOf(entry.fd)} ${eventsOf(entry).join(" ")}`,
    );
  return h(
    "li",
    { class: `chip ${kind}${entry.fresh ? " fresh" : ""}` },
    descriptorName(entry.fd, state),
    h("span", { class: "events" }, eventsOf(entry).join(" ")),
  );
}

// Which of the descriptors that were told have been looked at since.
function handledSince(state) {
  const told = state.current?.told;
  const seen = new Map();
  if (!told) return seen;
  for (const step of state.steps.slice(told.i + 1, state.done)) {
    if (step.kind === "close") seen.set(step.fd, "closed");
    else if (step.fd !== null && ["recv", "send", "accept", "wake_drain"].includes(step.kind)) {
      seen.set(step.fd, step.errno === "EAGAIN" ? "drained" : (seen.get(step.fd) ?? "looked at"));
    }
  }
  return seen;
}

const isEdge = (interest, fd) => eventsOf(interest.find((one) => one.fd === fd) ?? {}).includes("ET");
const isOnce = (interest, fd) => eventsOf(interest.find((one) => one.fd === fd) ?? {}).includes("ONESHOT");

function readyList(state, thread, interest, handled) {
  // While it sleeps, nothing is ready. What was told and is level-triggered goes back on the list at once; the next
  // wait looks at it again and drops what is ready no more.
  if (!thread?.told) {
    if (thread?.still.length > 0) {
      return chips(thread.still, (fd) =>
        h("li", { class: "chip back" }, descriptorName(fd, state), h("span", { class: "events" }, "still ready")),
      );
    }
    return h("p", { class: "none" }, thread?.asleep ? "empty: or it would not sleep" : "empty");
  }
  const back = (thread.told.ready ?? []).filter((one) => !isEdge(interest, one.fd) && !isOnce(interest, one.fd));
  const staying = back.filter((one) => handled.get(one.fd) !== "closed");
  if (staying.length === 0) {
    const edges = thread.told.ready.some((one) => isEdge(interest, one.fd));
    return h("p", { class: "none" }, edges ? "empty: an edge is told once" : "empty");
  }
  return chips(staying, (one) =>
    staying.length > ROOM
      ? numberChip(one.fd, "back", "goes back: level-triggered")
      : h("li", { class: "chip back" }, descriptorName(one.fd, state), h("span", { class: "events" }, "↩ back, LT")),
  );
}

function returned(state, thread, interest, handled) {
  if (!thread?.told) return h("p", { class: "none" }, thread?.enter ? "nothing to copy in: the list is there" : "–");
  if (thread.told.errno) return h("p", { class: "none" }, `${thread.told.errno}: there is no answer`);
  if (thread.told.ready.length === 0) return h("p", { class: "none" }, "0 events: the time is up");
  return chips(thread.told.ready, (one) => {
    const done = handled.get(one.fd);
    const now = one.fd === state.step?.fd && state.step.i > thread.told.i ? " handling" : "";
    if (thread.told.ready.length > ROOM)
      return numberChip(one.fd, `ready${done ? " handled" : ""}${now}`, eventsOf(one).join(" "));
    const note = done ?? (isEdge(interest, one.fd) ? "once, ET" : "");
    return h(
      "li",
      { class: `chip ready${done ? " handled" : ""}${now}` },
      descriptorName(one.fd, state),
      h("span", { class: "events" }, [eventsOf(one).join(" "), note].filter(Boolean).join(" · ")),
    );
  });
}
