// Several servers under the same clients, on one clock: play, pause, step, scrub, jump.

const BEAT_MS = 650; // between two ticks at normal speed: long enough to see what changed

const steppers = [];

// `start`: the tick it opens at; null where the first client is about to speak. `mark`: words for that tick, which then
// can be returned to. `script`: whose clients are told of. `names`: what each server is called in what is left out.
// `compared`: two servers; lines of their sources that differ are marked.
function makeStepper(
  traces,
  { titles, label, start = null, mark = null, script = null, names = null, compared = false },
) {
  const timeline = makeTimeline(traces, script);
  const columns = traces.map((trace, i) => makeColumn(trace, titles[i], compared ? traces.at(i - 1) : null));
  let tick = 0;
  let timer = null;

  const scrub = h("input", {
    type: "range",
    min: "0",
    max: String(timeline.last),
    value: "0",
    class: "scrub",
    "aria-label": `Position in ${label}`,
    oninput: () => {
      pause();
      go(Number(scrub.value));
    },
  });
  const position = h("output", { class: "position" });
  const playing = button("play", "Play", () => (timer ? pause() : play()));
  const speed = h(
    "select",
    {
      class: "speed",
      "aria-label": "Speed",
      onchange: () => {
        if (timer) {
          pause();
          play();
        }
      },
    },
    ...[
      ["0.5", "½×"],
      ["1", "1×"],
      ["2", "2×"],
      ["4", "4×"],
    ].map(([value, text]) => h("option", { value, selected: value === "1" }, text)),
  );
  const controls = h(
    "div",
    { class: "controls", role: "group", "aria-label": "Playback" },
    button("first", "To the start", () => jump(0)),
    button("previous", "Previous event", () => jump(timeline.previous(tick))),
    button("back", "One step back", () => jump(tick - 1)),
    playing,
    button("forward", "One step forward", () => jump(tick + 1)),
    button("next", "Next event", () => jump(timeline.next(tick))),
    button("last", "To the end", () => jump(timeline.last)),
    speed,
    position,
  );
  const moments = timeline.moments.map((moment) =>
    h(
      "button",
      {
        type: "button",
        class: "moment",
        title: moment.text,
        "data-tick": moment.tick,
        onclick: () => jump(moment.tick),
      },
      moment.text,
    ),
  );
  const strip = h(
    "ol",
    { class: "strip", "aria-label": "What the clients did" },
    ...moments.map((one) => h("li", {}, one)),
  );
  const marks = h(
    "div",
    { class: "beats", "aria-hidden": "true" },
    ...timeline.moments.map((moment) => h("i", { style: `--at:${moment.tick / Math.max(1, timeline.last)}` })),
    mark ? h("i", { class: "here", style: `--at:${start / Math.max(1, timeline.last)}` }) : null,
  );
  const spoken = h("p", { class: "unseen", role: "status" });
  const grid = h(
    "div",
    {
      class: "servers",
      style: `--columns:${columns.length}`,
      tabindex: "0",
      role: "region",
      "aria-label": `Servers: ${label}`,
    },
    ...columns.map((one) => one.element),
  );
  const left = leftOut(traces, names ?? traces.map((trace) => trace.program.lab ?? trace.program.name));
  const flag = mark
    ? h("button", { type: "button", class: "flag", "aria-pressed": "false", onclick: () => jump(start) })
    : null;
  const element = h(
    "div",
    { class: "stepper" },
    h(
      "div",
      { class: "transport" },
      controls,
      h("div", { class: "track" }, strip, h("div", { class: "rail" }, scrub, marks)),
      flag ? h("div", { class: "parting" }, flag, ...mark) : null,
    ),
    grid,
    left ? h("p", { class: "omitted" }, left) : null,
    spoken,
  );

  function go(to) {
    tick = Math.max(0, Math.min(timeline.last, to));
    columns.forEach((one, i) =>
      one.update(timeline.done(tick, i), timeline.through(tick, i) ? timeline.beat(tick) : null),
    );
    for (const [name] of COUNTERS) {
      const most = Math.max(1, ...columns.map((one) => one.total(name)));
      for (const one of columns) one.bar(name, one.total(name) / most);
    }
    scrub.value = String(tick);
    scrub.style.setProperty("--at", String(tick / Math.max(1, timeline.last)));
    const moment = timeline.momentAt(tick);
    scrub.setAttribute("aria-valuetext", `step ${tick} of ${timeline.last}${moment ? `, after: ${moment.text}` : ""}`);
    position.textContent = `step ${tick} of ${timeline.last}`;
    if (flag) {
      flag.setAttribute("aria-pressed", String(tick === start));
      flag.textContent = tick === start ? "Here it goes wrong" : `Back to where it goes wrong: step ${start}`;
    }
    moments.forEach((one, i) => {
      const now = timeline.moments[i] === moment;
      if (now && one.getAttribute("aria-current") !== "step") keepInSight(strip, one.parentElement);
      if (now) one.setAttribute("aria-current", "step");
      else one.removeAttribute("aria-current");
    });
    if (!timer)
      spoken.textContent = `Step ${tick}. ${moment && moment.tick === tick ? `${moment.text}. ` : ""}${columns.map((one) => one.says()).join(" ")}`;
  }

  function jump(to) {
    pause();
    go(to);
  }

  function play() {
    if (tick === timeline.last) go(0);
    const later = () => {
      go(tick + 1);
      if (tick >= timeline.last) pause();
      else timer = setTimeout(later, BEAT_MS / Number(speed.value));
    };
    timer = setTimeout(later, BEAT_MS / Number(speed.value));
    showPlaying(true);
  }

  function pause() {
    clearTimeout(timer);
    timer = null;
    showPlaying(false);
  }

  function showPlaying(on) {
    element.classList.toggle("playing", on);
    playing.replaceChildren(icon(on ? "pause" : "play"));
    playing.setAttribute("aria-label", on ? "Pause" : "Play");
    playing.title = on ? "Pause (space)" : "Play (space)";
  }

  const self = {
    element,
    columns,
    timeline,
    jump,
    pause,
    get tick() {
      return tick;
    },
    show: () => {
      strip.scrollLeft = 0;
      go(start ?? timeline.start);
    },
    toggle: () => (timer ? pause() : play()),
    key: (event) => {
      const far = event.shiftKey;
      const moves = {
        ArrowRight: () => (far ? timeline.next(tick) : tick + 1),
        ArrowLeft: () => (far ? timeline.previous(tick) : tick - 1),
        Home: () => 0,
        End: () => timeline.last,
      };
      if (event.key === " ") self.toggle();
      else if (moves[event.key]) jump(moves[event.key]());
      else return false;
      return true;
    },
    remove: () => {
      pause();
      element.remove();
      steppers.splice(steppers.indexOf(self), 1);
    },
  };
  steppers.push(self);
  return self;
}

// What the recordings do not show, each reason once.
function leftOut(traces, names) {
  const reasons = new Map();
  traces.forEach((trace, i) => {
    const unknown = (trace.unknown ?? []).length;
    for (const reason of [
      ...(trace.omitted ?? []),
      ...(unknown ? [`${plural(unknown, "line")} of strace not understood`] : []),
    ]) {
      reasons.set(reason, [...(reasons.get(reason) ?? []), names[i]]);
    }
  });
  return [...reasons].map(([reason, labs]) => `${[...new Set(labs)].join(", ")}: ${reason}`).join(" · ");
}

// The keyboard belongs to the stepper that the focus is in, else to the one at the top of the page; but never where a
// key has a meaning of its own.
function listenToKeys(main) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    const on = document.activeElement;
    const button = on?.matches("button, summary, a[href]");
    if (on?.matches("select, textarea, [role=gridcell], input:not([type=range])") || (button && event.key === " "))
      return;
    if (on?.matches("[type=range]") && event.key !== " " && !event.shiftKey) return;
    const stepper = steppers.find((one) => one.element.contains(on)) ?? (on === document.body || !on ? main() : null);
    if (stepper?.key(event)) event.preventDefault();
  });
}

function keepInSight(box, item) {
  const left = item.offsetLeft - (box.clientWidth - item.offsetWidth) / 2;
  box.scrollTo({ left, behavior: motionAllowed() ? "smooth" : "instant" });
}

const KEYS = {
  back: " (←)",
  forward: " (→)",
  previous: " (shift ←)",
  next: " (shift →)",
  first: " (Home)",
  last: " (End)",
  play: " (space)",
};

const button = (name, words, act) =>
  h(
    "button",
    { type: "button", class: `control ${name}`, "aria-label": words, title: words + (KEYS[name] ?? ""), onclick: act },
    icon(name),
  );

const SHAPES = {
  play: "M7 4v16l13-8z",
  pause: "M6 4h4v16H6zM14 4h4v16h-4z",
  forward: "M9 5l7 7-7 7",
  back: "M15 5l-7 7 7 7",
  next: "M5 5l7 7-7 7M13 5l7 7-7 7",
  previous: "M19 5l-7 7 7 7M11 5l-7 7 7 7",
  last: "M7 5l8 7-8 7M18 5v14",
  first: "M17 5l-8 7 8 7M6 5v14",
};

const icon = (name) =>
  svg(
    "svg",
    { viewBox: "0 0 24 24", class: `icon ${["play", "pause"].includes(name) ? "solid" : ""}`, "aria-hidden": "true" },
    svg("path", { d: SHAPES[name] }),
  );
