// poll: the array that goes in whole and comes back with revents filled in.

const MOST_ENTRIES = 6; // rows: of more than that, those that say nothing are counted

function drawPoll(state) {
  const thread = state.current;
  if (!thread?.enter) return [quiet("No poll call yet.")];
  const { enter } = thread;
  const told = thread.told?.errno ? null : thread.told; // a call that fails fills in no revents
  const answers = new Map((told?.ready ?? []).map((one) => [one.fd, eventsOf(one)]));
  const handling = told && state.step?.i > told.i ? state.step.fd : null;
  const rows = enter.interest.map((entry, i) => ({ i, entry, revents: answers.get(entry.fd) ?? [] }));
  const shown = worthShowing(rows, handling);
  const left = rows.length - shown.length;
  return [
    h(
      "table",
      { class: "array" },
      h("caption", { class: "unseen" }, "The pollfd array"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ...["", "fd", "events", "revents"].map((name) =>
            h("th", { scope: "col" }, name || h("span", { class: "unseen" }, "index")),
          ),
        ),
      ),
      h("tbody", {}, ...shown.map((row) => pollRow(row, told, handling, state))),
    ),
    thread.told?.errno
      ? quiet(`${thread.told.errno}: there is no answer in revents.`)
      : quiet(
          left > 0
            ? `${count(left)} more are not drawn; the kernel looks at all ${count(rows.length)}, at every call.`
            : told
              ? `The server walks the array until it has found ${told.result ?? answers.size}.`
              : "The kernel looks at every entry, at every call.",
        ),
  ].filter(Boolean);
}

// Of a long array: its beginning, what is being handled and its neighbours, and then who is ready.
function worthShowing(rows, handling) {
  if (rows.length <= MOST_ENTRIES) return rows;
  const at = rows.findIndex((row) => row.entry.fd === handling);
  const rank = (row) => (at >= 0 && Math.abs(row.i - at) < 2 ? 0 : row.i < 2 ? 1 : row.revents.length ? 2 : 3);
  return [...rows]
    .sort((a, b) => rank(a) - rank(b) || a.i - b.i)
    .slice(0, MOST_ENTRIES)
    .sort((a, b) => a.i - b.i);
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

const SHORT = { listener: "listen", eventfd: "event", socketpair: "pair" };

// '7 A': the number, and whose it is.
function descriptorName(fd, state) {
  const who = state.clientOf(fd).replace(/^(idle )?client /, "#");
  return h("span", { class: "fd" }, String(fd), who ? h("small", {}, ` ${SHORT[who] ?? who}`) : null);
}
