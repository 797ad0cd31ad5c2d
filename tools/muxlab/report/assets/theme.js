// Light, dark, or as the system says; motion, or none.

const root = document.documentElement;
const still = matchMedia("(prefers-reduced-motion: reduce)");

const motionAllowed = () => root.dataset.motion === "on";

function makeSwitches(place) {
  const themes = ["auto", "light", "dark"];
  const theme = h("button", {
    type: "button",
    class: "switch",
    onclick: () => setTheme(themes[(themes.indexOf(root.dataset.theme) + 1) % 3]),
  });
  const motion = h("button", {
    type: "button",
    class: "switch",
    onclick: () => setMotion(root.dataset.motion === "on" ? "off" : "on"),
  });
  place.append(theme, motion);

  function setTheme(name) {
    root.dataset.theme = name;
    theme.textContent = `Theme: ${name}`;
    remember("theme", name);
  }

  function setMotion(name) {
    root.dataset.motion = name;
    motion.textContent = `Motion: ${name}`;
    motion.setAttribute("aria-pressed", String(name === "on"));
    remember("motion", name);
  }

  setTheme(themes.includes(remembered("theme")) ? remembered("theme") : "auto");
  setMotion(remembered("motion") ?? (still.matches ? "off" : "on"));
}
