// The pitfalls: each card, and where a trace was recorded, broken and fixed beside each other, paused where they part.

function makePitfalls() {
  for (const card of document.querySelectorAll("details.pitfall[data-broken]")) {
    card.addEventListener("toggle", async () => {
      const stage = card.querySelector(".stage");
      if (!card.open || stage.childElementCount > 0) return;
      const traces = await Promise.all([unpack(card.dataset.broken), unpack(card.dataset.fixed)]);
      const stepper = makeStepper(traces, {
        titles: ["broken", "fixed"],
        label: card.dataset.title,
        start: parting(traces),
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
  const wrong = traces[0].wrong;
  const named = wrong ? (done) => (wrong.step === null ? done[1] > wrong.fixed : done[0] > wrong.step) : null;
  for (let tick = 0; tick <= timeline.last; ++tick) {
    const done = traces.map((_, i) => timeline.done(tick, i));
    if (named ? named(done) : differs(traces, done)) return tick;
  }
  return timeline.last;
}

function differs(traces, done) {
  if (done[0] !== done[1]) return true;
  const [one, other] = traces.map((trace, i) => trace.steps[done[i] - 1]);
  const key = (step) =>
    [step.kind, step.call, step.errno, step.kind === "wait_return" ? (step.ready ?? []).length : step.bytes].join();
  return Boolean(one && other) && key(one) !== key(other);
}
