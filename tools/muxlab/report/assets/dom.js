// Making elements. Text always goes in as text: whatever a client sent cannot become markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const h = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);
const svg = (tag, properties, ...children) => fill(document.createElementNS(SVG, tag), properties, children);

const count = (number) => number.toLocaleString("en");
const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;

let lastId = 0;
const newId = (prefix) => `${prefix}-${++lastId}`;

// A setting that outlives the visit, where the browser allows it; file:// pages sometimes may not.
function remembered(key) {
  try {
    return localStorage.getItem(`muxlab-${key}`);
  } catch {
    return null;
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(`muxlab-${key}`, value);
  } catch {
    // Then it holds until the page is closed.
  }
}
