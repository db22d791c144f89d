// Python in a worker of its own, which can be stopped whatever it is doing. It answers {call, args}, one at a time, with
// {result, heap} or {failure}; before that it tells how far it has started, {stage}.

import { loadPyodide } from "./pyodide/pyodide.mjs";

const home = new URL(".", import.meta.url);
const fetched = self.fetch.bind(self);

async function load(name) {
  const response = await fetched(new URL(name, home));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response.arrayBuffer();
}

/** The interpreter lies compressed on the host, for not every host compresses what it sends; some unpack it themselves. */
async function interpreter() {
  const packed = await load("pyodide/pyodide.asm.wasm.gz");
  const [a, b] = new Uint8Array(packed, 0, 2);
  const stream = new Blob([packed]).stream();
  const plain = a === 0x1f && b === 0x8b ? stream.pipeThrough(new DecompressionStream("gzip")) : stream;
  return new Response(plain).arrayBuffer();
}

// A file that takes all the memory gets no more than this, and so cannot take the page along.
const MOST = 2 ** 31; // bytes
let heap = 0;
const grow = WebAssembly.Memory.prototype.grow;
WebAssembly.Memory.prototype.grow = function (pages) {
  const wanted = this.buffer.byteLength + pages * 65536;
  if (wanted > MOST) throw new RangeError("no more memory"); // which Python takes for a MemoryError
  heap = wanted;
  return grow.call(this, pages);
};

async function start() {
  // All is there before Python starts: of a part that is missing or damaged Pyodide says nothing, and waits for ever.
  const parts = [interpreter(), load("pyodide/python_stdlib.zip"), load("python.zip")];
  const [wasm, library, archive] = await Promise.all(parts);
  const here = { "pyodide.asm.wasm": [wasm, "application/wasm"], "python_stdlib.zip": [library, "application/zip"] };
  self.fetch = async (resource, options) => {
    const [content, type] = here[String(resource?.url ?? resource).split("/").pop()] ?? [];
    return content ? new Response(content, { headers: { "Content-Type": type } }) : fetched(resource, options);
  };
  const indexURL = new URL("pyodide/", home).href;
  const python = await loadPyodide({ indexURL, stdout() {}, stderr() {} });
  self.postMessage({ stage: 1 });
  python.unpackArchive(archive, "zip", { extractDir: "/judge" });
  python.runPython("import sys; sys.path.append('/judge')");
  const judge = python.pyimport("sheetgen.web.judge");
  self.postMessage({ stage: 2 });
  return judge.call;
}

function plain(result) { // bytes of Python's as an Uint8Array of ours
  if (typeof result !== "object") return result;
  const own = result.toJs();
  result.destroy();
  return own;
}

const ready = start();
/** The last line of an error: of Python's tracebacks it is the one that tells. */
const short = (error) => String(error?.message ?? error).trim().split("\n").pop().slice(0, 200);

ready.then(() => self.postMessage({ stage: 3 }), (error) => self.postMessage({ failure: short(error) }));

self.addEventListener("message", async ({ data: { call, args } }) => {
  try {
    self.postMessage({ result: plain((await ready)(call, args)), heap });
  } catch (error) {
    self.postMessage({ failure: short(error) });
  }
});
