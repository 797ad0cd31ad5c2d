// poll: the array that goes in whole and comes back with revents filled in.

const MOST_ENTRIES = 12; // rows: of more than that, those that say nothing are counted

function drawPoll(state) {
  const thread = state.current;
  if (!thread?.enter) return [quiet("No poll call yet.")];
  const { enter, told } = thread;
  const answers = new Map((told?.ready ?? []).map((one) => [one.fd, eventsOf(one)]));
  const handling = told && state.step?.i > told.i ? state.step.fd : null;
  const rows = enter.interest.map((entry, i) => ({ i, entry, revents: answers.get(entry.fd) ?? [] }));
  const speaks = (row) => row.revents.length > 0 || row.entry.fd === handling;
  const shown = rows.length <= MOST_ENTRIES ? rows : rows.filter((row) => row.i < 4 || speaks(row)).slice(0, MOST_ENTRIES);
  const left = rows.length - shown.length;
  return [
    h(
      "table",
      { class: "array" },
      h("caption", { class: "unseen" }, "The pollfd array"),
      h("thead", {}, h("tr", {}, ...["", "fd", "events", "revents"].map((name) => h("th", { scope: "col" }, name || h("span", { class: "unseen" }, "index"))))),
      h("tbody", {}, ...shown.map((row) => pollRow(row, told, handling, state))),
    ),
    left > 0 ? quiet(`… and ${plural(left, "entry").replace("entrys", "entries")} that the kernel looks at and says nothing about.`) : null,
    quiet(told ? `The server walks the array until it has found ${told.result ?? answers.size}.` : "The kernel looks at every entry, at every call."),
  ].filter(Boolean);
}

function pollRow({ i, entry, revents }, told, handling, state) {
  const kind = !told ? "asked" : revents.length ? "ready" : "silent";
  return h(
    "tr",
    { class: `${kind}${entry.fd === handling ? " handling" : ""}` },
    h("td", { class: "index" }, `[${i}]`),
    h("td", {}, descriptorName(entry.fd, state)),
    h("td", {}, eventsOf(entry).join(" ") || "0"),
    h("td", { class: "answer" }, told ? revents.join(" ") || "0" : "·"),
  );
}

const SHORT = { listener: "listener", eventfd: "eventfd", epoll: "epoll", pipe: "pipe", socketpair: "pair" };

// '7 A': the number, and whose it is.
function descriptorName(fd, state) {
  const who = state.clientOf(fd);
  return h("span", { class: "fd" }, String(fd), who ? h("small", {}, ` ${SHORT[who] ?? who}`) : null);
}
