// What the page was made from: small things as JSON, each trace packed, because most are never looked at.

const data = JSON.parse(document.getElementById("muxlab-data").textContent);
const unpacked = new Map();

async function unpack(id) {
  if (!unpacked.has(id)) unpacked.set(id, inflate(document.getElementById(`trace-${id}`).textContent));
  return unpacked.get(id);
}

async function inflate(text) {
  const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

const column = (trace) => data.columns[trace.program.lab] ?? trace.program.name;
