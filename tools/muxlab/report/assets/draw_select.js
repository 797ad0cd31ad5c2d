// select: the bits of its sets as they went in, and as the kernel wrote its answer over them.

const ROOMY = 16; // descriptors: up to here every bit is written as a digit

function drawSelect(state) {
  const thread = state.current;
  if (!thread?.enter) return [quiet("No select call yet.")];
  const { enter } = thread;
  const told = thread.told?.errno ? null : thread.told; // a call that fails leaves no answer in the sets
  const nfds = enter.nfds ?? Math.max(0, ...enter.interest.map((one) => one.fd + 1));
  const sets = ["IN", "OUT", "PRI"].map((event) => ({
    event,
    asked: new Set(enter.interest.filter((one) => eventsOf(one).includes(event)).map((one) => one.fd)),
    told: new Set((told?.ready ?? []).filter((one) => eventsOf(one).includes(event)).map((one) => one.fd)),
  }));
  const shown = sets.filter((set) => set.asked.size > 0 || set.event !== "PRI");
  const dropped = told ? new Set(sets.flatMap((set) => [...set.asked].filter((fd) => !set.told.has(fd)))) : new Set();
  const draw = nfds <= ROOMY ? bitTable : bitCloud;
  return [
    draw(shown, nfds, told, state),
    h(
      "p",
      { class: "caption" },
      h("b", {}, `nfds ${nfds}`),
      `: the kernel looks at ${nfds === 1 ? "bit 0" : `bits 0 to ${nfds - 1}`}. `,
      verdict(thread.told, dropped),
    ),
  ];
}

function verdict(told, dropped) {
  if (!told) return "";
  if (told.errno) return `${told.errno}: there is no answer in the sets.`;
  const names = [...dropped].sort((a, b) => a - b).map(String);
  return `Cleared: ${names.length ? listed(names) : "none"}. The next call needs new sets.`;
}

const NAMES = { IN: "readable", OUT: "writable", PRI: "exceptional" };

function bitTable(sets, nfds, told, state) {
  const fds = [...Array(nfds).keys()];
  const row = (label, cell) => h("tr", {}, h("th", { scope: "row" }, label), ...fds.map(cell));
  return h(
    "table",
    { class: "bits" },
    h("caption", { class: "unseen" }, "fd_set bits before and after the call"),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, "fd"),
        ...fds.map((fd) => h("th", { scope: "col", title: state.clientOf(fd) || null }, String(fd))),
      ),
    ),
    ...sets.map((set) =>
      h(
        "tbody",
        {},
        set.asked.size === 0
          ? h(
              "tr",
              { class: "name" },
              h(
                "th",
                { scope: "row", colspan: nfds + 1 },
                NAMES[set.event],
                h("span", { class: "nobody" }, ": no bit set"),
              ),
            )
          : [
              h("tr", { class: "name" }, h("th", { scope: "rowgroup", colspan: nfds + 1 }, NAMES[set.event])),
              row("in", (fd) => bit(set.asked.has(fd), set.asked.has(fd) ? "asked" : "")),
              row("out", (fd) => {
                if (!told) return h("td", { class: "unknown" }, "·");
                if (set.told.has(fd)) return bit(true, "ready");
                return set.asked.has(fd) ? bit(false, "cleared") : bit(false, "");
              }),
            ],
      ),
    ),
  );
}

const bit = (on, kind) => h("td", { class: kind || null }, on ? "1" : "0");

// Hundreds of bits: one dot each, 32 or 64 to a row, as in the words of the real set.
function bitCloud(sets, nfds, told) {
  const size = 7;
  const wide = nfds > 512 ? 64 : 32;
  const shown = sets.filter((set) => set.asked.size > 0);
  const rows = Math.ceil(nfds / wide);
  return h(
    "div",
    { class: "clouds" },
    ...shown.map((set) => {
      const kinds = { ready: "", cleared: "", asked: "", "not-asked": "" };
      for (let fd = 0; fd < nfds; ++fd) {
        const kind = !set.asked.has(fd) ? "not-asked" : !told ? "asked" : set.told.has(fd) ? "ready" : "cleared";
        const inset = kind === "not-asked" ? 2.5 : kind === "cleared" ? 1.5 : 0.5;
        const side = size - 2 * inset;
        kinds[kind] +=
          `M${(fd % wide) * size + inset},${Math.floor(fd / wide) * size + inset}h${side}v${side}h${-side}z`;
      }
      const text = `${NAMES[set.event]}: ${plural(set.asked.size, "bit")} asked${told ? `, ${set.told.size} left after the call` : ""}`;
      return h(
        "figure",
        {},
        h("figcaption", {}, text),
        svg(
          "svg",
          { viewBox: `0 0 ${wide * size} ${rows * size}`, role: "img", "aria-label": text, class: "cloud" },
          ...Object.entries(kinds).map(([kind, d]) => svg("path", { class: kind, d: d || "M0,0" })),
        ),
      );
    }),
  );
}

const quiet = (text) => h("p", { class: "caption" }, text);
