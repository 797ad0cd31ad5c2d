// What a server's mechanism holds after any number of its steps: found from the steps alone, forwards or backwards.

const WORDS = { readable: "IN", writable: "OUT", exceptional: "PRI" };
const COUNTERS = [
  ["calls", "system calls"],
  ["copied_in", "bytes copied in"],
  ["copied_out", "bytes copied out"],
  ["scanned_kernel", "scanned by the kernel"],
  ["scanned_user", "scanned by the server"],
];

const eventsOf = (entry) => (entry.events ?? []).map((name) => WORDS[name] ?? name);

function indexTrace(trace) {
  const { steps } = trace;
  const totals = Object.fromEntries(COUNTERS.map(([name]) => [name, new Float64Array(steps.length + 1)]));
  const byThread = new Map(trace.threads.map((thread) => [thread.tid, { all: [], enters: [], returns: [] }]));
  steps.forEach((step, i) => {
    for (const [name] of COUNTERS) {
      const more = name === "calls" ? Number(isCall(step)) : (step[name] ?? 0);
      totals[name][i + 1] = totals[name][i] + more;
    }
    if (!byThread.has(step.tid)) byThread.set(step.tid, { all: [], enters: [], returns: [] });
    const lists = byThread.get(step.tid);
    lists.all.push(i);
    if (step.kind === "wait_enter") lists.enters.push(i);
    if (step.kind === "wait_return") lists.returns.push(i);
  });
  return { trace, steps, totals, byThread, descriptors: new Map(trace.descriptors.map((one) => [one.id, one])) };
}

// A wait is entered and returns: one call, two steps.
const isCall = (step) => !["wait_return", "signal", "exit"].includes(step.kind);

// The last entry below `done` of an ascending list of step numbers.
function lastBefore(list, done) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] < done) low = middle + 1;
    else high = middle;
  }
  return low > 0 ? list[low - 1] : -1;
}

// `inside`: a call that a thread is in although it ends in a later beat: insideAt().
function stateAt(index, done, inside = null) {
  const { steps, trace } = index;
  const threads = [...index.byThread].map(([tid, lists]) => {
    const at = (list) => steps[lastBefore(list, done)] ?? null;
    const [last, enter, told] = [at(lists.all), at(lists.enters), at(lists.returns)];
    const waits = last?.kind === "wait_enter";
    const still = waits ? stillReady(index, lists, enter, told) : [];
    const fails = waits && failsAtOnce(index, lists, enter);
    return {
      tid,
      name: trace.threads.find((one) => one.tid === tid)?.name ?? `thread ${tid}`,
      last,
      enter,
      told: told && enter && told.i > enter.i ? told : null, // what the latest wait told, once it has returned
      still, // what it has not finished with, so that the wait returns at once
      asleep: waits && !fails && still.length === 0 && enter.timeout_ms !== 0,
      ended: last?.kind === "exit",
      stuck: inside?.tid === tid ? inside : isStuck(last) ? last : null,
    };
  });
  const step = done > 0 ? steps[done - 1] : null;
  const current = threads.find((one) => one.tid === step?.tid) ?? threads[0] ?? null;
  return {
    done,
    step,
    steps,
    threads,
    // The thread whose wait is drawn: the one at work, as long as it has waited at all.
    current: current?.enter ? current : (threads.findLast((one) => one.enter) ?? current),
    total: (name) => index.totals[name][done],
    interest: (thread) => interestList(index, thread, done),
    pending: () => pendingWakes(index, done),
    clientOf: (fd) => clientOf(index, fd, done),
    descriptorById: (id) => index.descriptors.get(id) ?? null,
    readingEnd: (one) => readingEnd(index, one),
    isWakeUp: (one) => !one.reader || wakers(index).has(one.reader),
  };
}

const MAY_SLEEP = new Set(["accept", "recv", "wake_drain", "other"]);

// A call that a thread has made by now and that comes back in a later beat only, or never: it sleeps in there, and not
// where it waits for everybody. What brings something stands in the list where it ended.
function insideAt(index, done, beat) {
  const begun = (step) => index.trace.clients.findLast((one) => one.t <= step.t - step.seconds)?.beat ?? 0;
  for (const { all } of index.byThread.values()) {
    const at = lastBefore(all, done);
    const next = index.steps[all[all.indexOf(at) + 1]];
    if (at < 0 || !next || index.steps[at].kind === "wait_enter" || !MAY_SLEEP.has(next.kind)) continue;
    if (next.beat > beat && begun(next) <= beat) return next;
  }
  return null;
}

// Level-triggered: what the wait before told of and the server has not finished with. A wait that is entered with such
// descriptors does not sleep. No call says so; it follows from what the server left unread (or has not come to), if the
// next return, in the same beat, tells of it again.
function stillReady(index, lists, enter, before) {
  const next = index.steps[lists.returns.find((i) => i > enter.i) ?? -1];
  if (!next || next.beat !== enter.beat || next.errno) return [];
  const again = new Map((next.ready ?? []).map((one) => [one.fd, eventsOf(one)]));
  const woken = [...pendingWakes(index, enter.i)].filter(([fd, value]) => value > 0 && again.has(fd));
  if (woken.length > 0 || !before || before.i > enter.i) return woken.map(([fd]) => fd);
  return (before.ready ?? [])
    .map((one) => one.fd)
    .filter((fd) => {
      if (!again.has(fd)) return false;
      const entry = enter.interest.find((one) => one.fd === fd);
      if (!entry || eventsOf(entry).includes("ET")) return false;
      const work = index.steps.slice(before.i + 1, enter.i).filter((step) => step.fd === fd);
      const last = work.findLast((step) => step.kind === "recv" || step.kind === "accept");
      if (again.get(fd).some((bit) => ["ERR", "HUP", "NVAL"].includes(bit))) return true; // until it is closed
      const sent = work.findLast((step) => step.kind === "send");
      if (again.get(fd).includes("OUT") && (!sent || (!sent.errno && sent.bytes === sent.asked))) return true;
      if (!last) return work.length === 0;
      // The end of the input stays readable, too.
      return last.kind === "accept" ? !last.errno : last.bytes === 0 || (last.bytes > 0 && last.bytes === last.asked);
    });
}

// A descriptor among those it asks about that is none, say.
function failsAtOnce(index, lists, enter) {
  const next = index.steps[lists.returns.find((i) => i > enter.i) ?? -1];
  return Boolean(next?.errno) && next.errno !== "EINTR" && next.beat === enter.beat;
}

// Descriptors that somebody waits for, or empties: what is written to another pipe wakes nobody.
function wakers(index) {
  index.wakers ??= new Set(
    index.steps.flatMap((step) => [
      ...(step.kind === "wait_enter" ? step.interest.map((one) => one.descriptor) : []),
      step.kind === "ctl" ? step.target_descriptor : null,
      step.kind === "wake_drain" ? step.descriptor : null,
    ]),
  );
  return index.wakers;
}

// epoll: the list that the latest wait was entered with, and every epoll_ctl and close since.
function interestList(index, thread, done) {
  const first = index.byThread.get(thread?.tid)?.enters[0];
  const epoll = first === undefined ? null : index.steps[first].fd; // known before the thread first waits on it
  const from = thread?.enter ? thread.enter.i + 1 : 0;
  const list = new Map((thread?.enter?.interest ?? []).map((entry) => [entry.fd, { ...entry, fresh: false }]));
  for (const step of index.steps.slice(from, done)) {
    if (step.errno) continue;
    if (step.kind === "ctl" && (epoll === null || step.fd === epoll)) {
      if (step.op === "DEL") list.delete(step.target);
      else
        list.set(step.target, {
          fd: step.target,
          descriptor: step.target_descriptor,
          events: step.events,
          fresh: true,
        });
    }
    if (step.kind === "close") list.delete(step.fd);
  }
  return [...list.values()];
}

// Wake-ups that were written and not yet drained: of each descriptor that is waited for.
function pendingWakes(index, done) {
  const pending = new Map();
  for (const step of index.steps.slice(0, done)) {
    if (step.errno) continue;
    if (step.kind === "wake_write") {
      const fd = readingEnd(index, step);
      pending.set(fd, (pending.get(fd) ?? 0) + (step.value ?? step.bytes ?? 1));
    }
    if (step.kind === "wake_drain") {
      // A read takes all that an eventfd has counted, and of a channel as many bytes as it got.
      const whole = index.descriptors.get(step.descriptor)?.kind === "eventfd" || !step.value;
      pending.set(step.fd, whole ? 0 : Math.max(0, (pending.get(step.fd) ?? 0) - step.value));
    }
  }
  return pending;
}

// An eventfd is written and read through one descriptor. The two ends of a pipe or socket pair are opened together.
function readingEnd(index, step) {
  const reader = index.descriptors.get(step.reader);
  if (reader) return reader.fd;
  const own = index.descriptors.get(step.descriptor);
  if (!own || own.kind === "eventfd") return step.fd;
  index.drained ??= new Set(index.steps.filter((one) => one.kind === "wake_drain").map((one) => one.fd));
  const near = [...index.drained].sort((a, b) => Math.abs(a - step.fd) - Math.abs(b - step.fd));
  return near[0] ?? step.fd;
}

function clientOf(index, fd, done) {
  // A number is used again: of those that are open, the latest. (Files from before the trace may never be seen closed.)
  const open = index.trace.descriptors.filter(
    (one) => one.fd === fd && (one.opened ?? -1) < done && ((one.closed ?? null) === null || one.closed >= done - 1),
  );
  const known = open.reduce(
    (latest, one) => (latest && (latest.opened ?? -1) > (one.opened ?? -1) ? latest : one),
    null,
  );
  if (!known) return "";
  if (known.kind === "other" && index.trace.descriptors.some((one) => one.fd === fd && (one.closed ?? done) < done))
    return "closed";
  if (!known.client && fd < 3 && (known.opened ?? null) === null) return ["stdin", "stdout", "stderr"][fd];
  return known.client ?? (known.kind === "connection" ? "" : known.kind);
}
