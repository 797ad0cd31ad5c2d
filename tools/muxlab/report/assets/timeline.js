// The clock that several servers share. A beat is what happens between two barriers of the clients' script; in each
// beat the clients act first, and then every server makes its calls, one a tick, side by side: whoever needs more
// calls for the same beat is still at work when the others sleep.

// What the clients did is told by the longest of the scripts, or by `script`, where that one says anything.
function makeTimeline(traces, script = null) {
  const beats = [...new Set(traces.flatMap((trace) => [...trace.steps, ...trace.clients].map((one) => one.beat ?? 0)))];
  beats.sort((a, b) => a - b);
  const doneBefore = traces.map(() => 0);
  const ticks = []; // of each tick: its beat, and how many steps each server has made
  const moments = [];
  const longest = traces.reduce((most, one) => (one.clients.length > most.length ? one.clients : most), []);
  for (const beat of beats) {
    const [ours, theirs] = [script ?? longest, longest].map((all) => all.filter((one) => (one.beat ?? 0) === beat));
    const actions = ours.length > 0 ? ours : theirs;
    if (actions.length > 0) moments.push({ tick: ticks.length, beat, actions, text: summary(actions) });
    const upTo = traces.map((trace, i) => {
      let end = doneBefore[i];
      while (end < trace.steps.length && (trace.steps[end].beat ?? 0) <= beat) ++end;
      return end;
    });
    const most = Math.max(...upTo.map((end, i) => end - doneBefore[i]));
    for (let k = 0; k <= most; ++k)
      ticks.push({ beat, upTo, done: upTo.map((end, i) => Math.min(doneBefore[i] + k, end)) });
    upTo.forEach((end, i) => (doneBefore[i] = end));
  }
  const last = ticks.length - 1;
  return {
    last,
    moments,
    // Where the page opens: everybody sleeps, and the first client is about to speak.
    start: moments.find((one) => one.tick > 0)?.tick ?? 0,
    done: (tick, server) => ticks[tick].done[server],
    beat: (tick) => ticks[tick].beat,
    // It has made all the calls that it makes in this beat.
    through: (tick, server) => ticks[tick].done[server] === ticks[tick].upTo[server],
    momentAt: (tick) => moments.findLast((one) => one.tick <= tick) ?? null,
    next: (tick) => moments.find((one) => one.tick > tick)?.tick ?? last,
    previous: (tick) => moments.findLast((one) => one.tick < tick)?.tick ?? 0,
  };
}

// What the clients did in one beat, in a few words.
function summary(actions) {
  const kinds = new Map();
  for (const action of actions) kinds.set(action.action, [...(kinds.get(action.action) ?? []), action]);
  const parts = [...kinds.values()].map((same) => {
    if (same.length === 1) return same[0].text;
    if (same[0].action === "note") return noted(same);
    const names = [...new Set(same.map((one) => one.client))];
    const who = names.length > 3 ? plural(names.length, "client") : names.join(", ");
    if (names.length < same.length && names.length === 1)
      return `${who}: ${same[0].action.replace("_", " ")}, ${same.length} times`;
    const bytes = new Set(same.map((one) => one.bytes));
    const verb = VERBS[same[0].action] ?? same[0].action;
    return `${who} ${verb}${bytes.size === 1 && same[0].bytes ? ` ${plural(same[0].bytes, "byte")} each` : ""}`;
  });
  return parts.join("; ");
}

// What is said of the server, or of what a client found, stands as it is; the same of many clients is counted.
function noted(notes) {
  const texts = [...new Set(notes.map((one) => (one.client ? one.text.replaceAll(one.client, "…") : one.text)))];
  return texts
    .map((text) => {
      const same = notes.filter((one) => one.client && one.text.replaceAll(one.client, "…") === text);
      if (same.length === 0) return text;
      return same.length === 1 ? same[0].text : text.replaceAll("…", plural(same.length, "client"));
    })
    .join("; ");
}

const VERBS = {
  connects: "connect",
  sends: "send",
  receives: "receive",
  half_closes: "shut down their sending side",
  resets: "reset",
  closes: "close",
  waits: "wait",
};
