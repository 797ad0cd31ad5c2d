// Loaded with ?measure: shows each slide, and writes what does not fit into an element that can be read afterwards.
"use strict";
(() => {
  if (!location.search.includes("measure")) return;
  const found = { slides: 0, problems: [] };
  addEventListener("error", (event) => found.problems.push({ slide: 0, what: String(event.message) }), true);

  const name = (element) => `<${element.tagName.toLowerCase()}> ${(element.textContent || "").trim().slice(0, 40)}`;

  // Without a font every character is the same box.
  function drawn(character) {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    canvas.font = "40px " + getComputedStyle(document.body).getPropertyValue("--text");
    canvas.fillText(character, 0, 50);
    return canvas.getImageData(0, 0, 60, 60).data.join();
  }

  function measure(slide, number) {
    const scale = Reveal.getScale();
    const frame = slide.getBoundingClientRect();
    const foot = frame.top + (720 - 30) * scale; // the page number's
    const problem = (what) => found.problems.push({ slide: number, what });
    const kinds = "h1, h2, p, li, pre, table, dl, figcaption, svg, text";
    for (const element of slide.querySelectorAll(kinds)) {
      if (element.closest("aside.notes")) continue;
      const box = element.getBoundingClientRect();
      if (box.width === 0 || box.height === 0) continue;
      const over = (pixels) => Math.round(pixels / scale);
      if (box.right > frame.right + 1) problem(`${name(element)} is ${over(box.right - frame.right)} px too wide`);
      if (box.bottom > foot + 1) problem(`${name(element)} is ${over(box.bottom - foot)} px too low`);
      const within = element.matches("pre") ? element.firstElementChild : element;
      if (!element.matches("svg, text") && within.scrollWidth > within.clientWidth + 1)
        problem(`${name(element)} is ${within.scrollWidth - within.clientWidth} px wider than its frame`);
      if (element.matches("pre") && within.scrollHeight > within.clientHeight + 1)
        problem(`${name(element)} is cut off below`);
      if (element.matches("text")) {
        const svg = element.ownerSVGElement.getBoundingClientRect();
        if (box.left < svg.left - 1 || box.right > svg.right + 1) problem(`${name(element)} leaves its drawing`);
      }
    }
  }

  addEventListener("load", async () => {
    if (!Reveal.isReady()) await new Promise((done) => Reveal.on("ready", done));
    await document.fonts.ready;
    if (document.documentElement.lang.startsWith("zh") && drawn("水") === drawn("触"))
      found.problems.push({ slide: 0, what: "no font for Chinese: apt install fonts-noto-cjk" });
    Reveal.getSlides().forEach((slide, index) => {
      Reveal.slide(index);
      measure(slide, index + 1);
      found.slides += 1;
    });
    const result = document.createElement("script");
    result.type = "application/json";
    result.id = "measured";
    result.textContent = JSON.stringify(found);
    document.body.append(result);
  });
})();
