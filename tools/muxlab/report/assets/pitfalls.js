// The pitfalls: each card, and where a trace was recorded, broken and fixed beside each other, paused where they part.

const MOST_FINDINGS = 2;

function makePitfalls() {
  for (const card of document.querySelectorAll("details.pitfall[data-broken]")) {
    card.addEventListener("toggle", async () => {
      const stage = card.querySelector(".stage");
      if (!card.open || stage.childElementCount > 0) return;
      const traces = await Promise.all([unpack(card.dataset.broken), unpack(card.dataset.fixed)]);
      const start = parting(traces);
      const stepper = makeStepper(traces, {
        titles: ["broken", "fixed"],
        names: ["broken", "fixed"],
        label: card.dataset.title,
        script: traces[0].clients,
        compared: true,
        start,
        mark: inTheEnd(traces),
      });
      stage.replaceChildren(stepper.element);
      stepper.show();
      if (location.hash === `#${card.id}`) card.scrollIntoView({ behavior: "instant" }); // it has grown
    });
  }
  window.addEventListener("hashchange", openNamed);
  openNamed();
}

// An address that ends in the name of a card: ./muxlab bug watch prints one.
function openNamed() {
  const card = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!card?.matches("details.pitfall")) return;
  card.open = true;
  card.scrollIntoView({ behavior: "instant" });
}

// The tick of the first step in which the two do something else; or the one that the recording names.
function parting(traces) {
  const timeline = makeTimeline(traces);
  const named = traces[0].wrong ? isNamed(traces, timeline) : null;
  for (let tick = 0; tick <= timeline.last; ++tick) {
    const done = traces.map((_, i) => timeline.done(tick, i));
    if (named ? named(done, tick) : differs(traces, done)) return tick;
  }
  return timeline.last;
}

// Where the broken server does something else, it is there; where it does nothing, or does not come back from a call,
// it is where the fixed one goes on without it.
function isNamed(traces, timeline) {
  const { step, fixed, beat } = traces[0].wrong;
  const late = step === null || (beat !== undefined && traces[0].steps[step].beat > beat);
  if (late && fixed !== null && (beat === undefined || traces[1].steps[fixed].beat <= beat))
    return (done, tick) => done[1] > fixed && timeline.through(tick, 0);
  return (done) => done[0] > step;
}

function differs(traces, done) {
  if (done[0] !== done[1]) return true;
  const [one, other] = traces.map((trace, i) => trace.steps[done[i] - 1]);
  const key = (step) =>
    [step.kind, step.call, step.errno, step.kind === "wait_return" ? (step.ready ?? []).length : step.bytes].join();
  return Boolean(one && other) && key(one) !== key(other);
}

// What came of it: what the clients of the broken server found, and those of the other did not.
function inTheEnd([broken, fixed]) {
  const usual = new Set(fixed.clients.map((one) => one.text));
  // How much a slow reader's connection holds differs each time: that all of it came back says nothing.
  const lacking = (one) => one.action === "receives" && /where|but for|nothing|error|the end/.test(one.text);
  const telling = broken.clients.filter((one) => one.action === "note" || lacking(one));
  const found = [...new Set(telling.map((one) => one.text))].filter((text) => !usual.has(text));
  const more = found.length - MOST_FINDINGS;
  if (found.length === 0) return [];
  const told = found.slice(0, more > 0 ? MOST_FINDINGS : undefined).join("; ");
  return [
    h("span", { class: "found" }, h("b", {}, "What comes of it: "), told, more > 0 ? `; and ${more} more` : "", "."),
  ];
}
