// The first section: the scenario picker, which servers to show, and the stepper for both.

function makeSideBySide(root) {
  if (data.scenarios.length === 0) return { main: () => null };
  const picker = h(
    "select",
    { id: "scenario", onchange: () => choose(picker.value) },
    ...data.scenarios.map((one) => h("option", { value: one.id }, one.title)),
  );
  const what = h("p", { class: "what" });
  const chips = h("div", { class: "choices", role: "group", "aria-label": "Servers to show" });
  const bar = h("div", { class: "picker" }, h("label", { for: "scenario" }, "Scenario"), picker, what, chips);
  const stage = h("div", { class: "stage" });
  bar.prepend(root.querySelector("h2"));
  root.append(bar, stage);
  const hidden = new Set();
  let stepper = null;
  let chosen = 0;

  async function choose(id) {
    const mine = ++chosen;
    const scenario = data.scenarios.find((one) => one.id === id) ?? data.scenarios[0];
    picker.value = scenario.id;
    what.textContent = scenario.what;
    const traces = await Promise.all(scenario.traces.map(unpack));
    if (mine !== chosen) return; // somebody has chosen again meanwhile
    if (traces.length > 0) show(scenario, traces);
    else clear();
  }

  function show(scenario, traces) {
    stepper?.remove();
    stepper = makeStepper(traces, { titles: traces.map(column), label: scenario.title });
    chips.replaceChildren(...stepper.columns.map((one) => chip(one)));
    stage.replaceChildren(stepper.element);
    arrange();
    stepper.show();
    document.dispatchEvent(new CustomEvent("muxlab:shown", { detail: scenario.id }));
  }

  // Only where ./muxlab serve offers scenarios that nobody has recorded yet.
  function clear() {
    stepper?.remove();
    stepper = null;
    chips.replaceChildren();
    stage.replaceChildren(
      h("p", { class: "absent" }, "This scenario is not recorded yet: Run records it in every server."),
    );
  }

  function chip(one) {
    const toggle = h(
      "button",
      {
        type: "button",
        class: "choice",
        "aria-pressed": String(!hidden.has(one.title)),
        onclick: () => {
          if (hidden.has(one.title)) hidden.delete(one.title);
          else if (stepper.columns.length - hidden.size > 1) hidden.add(one.title); // one is always there
          toggle.setAttribute("aria-pressed", String(!hidden.has(one.title)));
          arrange();
        },
      },
      one.title.replace(/^\d\d /, ""),
    );
    return toggle;
  }

  function arrange() {
    const shown = stepper.columns.filter((one) => !hidden.has(one.title));
    for (const one of stepper.columns) one.element.hidden = hidden.has(one.title);
    stepper.element.querySelector(".servers").style.setProperty("--columns", shown.length);
  }

  choose(data.scenarios[0].id);
  return { main: () => stepper, choose, current: () => picker.value, bar };
}
