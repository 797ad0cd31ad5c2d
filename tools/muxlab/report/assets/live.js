// Served by ./muxlab serve: records the chosen scenario again, with the labs as they are now.

function makeLive(sideBySide) {
  if (!document.querySelector("meta[name=muxlab-live]") || !sideBySide.bar) return;
  const message = h("p", { class: "live", role: "status" });
  const run = h("button", { type: "button", class: "run", onclick: again }, "Run");
  sideBySide.bar.append(run, message);

  async function again() {
    const id = sideBySide.current();
    run.disabled = true;
    message.className = "live";
    message.textContent = "building, and recording all servers …";
    try {
      const response = await fetch("run", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ scenario: id }),
      });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error ?? response.statusText);
      Object.assign(data.sources, answer.sources);
      const scenario = data.scenarios.find((one) => one.id === id);
      scenario.traces = answer.traces.map((trace, i) => {
        const name = `${id}-live-${i}`;
        unpacked.set(name, Promise.resolve(trace));
        return name;
      });
      await sideBySide.choose(id);
      message.textContent = answer.notes?.length
        ? answer.notes.join(" ")
        : `recorded at ${new Date().toLocaleTimeString("en-GB")}`;
    } catch (error) {
      message.className = "live failed";
      message.textContent = error.message;
    } finally {
      run.disabled = false;
    }
  }
}
