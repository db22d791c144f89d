// Python in a worker of its own, which can be stopped whatever it is doing. It answers {call, args}, one at a time, with
// {result, heap} or {failure}; before that it tells how far it has started, {stage}.

import { loadPyodide } from "./pyodide/pyodide.mjs";

const home = new URL(".", import.meta.url);

// The interpreter lies compressed on the host, for not every host compresses what it sends.
const fetched = self.fetch.bind(self);
self.fetch = async (resource, options) => {
  const url = String(resource?.url ?? resource);
  if (!url.endsWith(".wasm")) return fetched(resource, options);
  const response = await fetched(`${url}.gz`, options);
  if (!response.ok) throw new Error(`${response.status} ${url}.gz`);
  const unpacked = response.body.pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked, { headers: { "Content-Type": "application/wasm" } });
};

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
  const archive = fetched(new URL("python.zip", home)).then(async (response) => {
    if (!response.ok) throw new Error(`${response.status} python.zip`);
    return response.arrayBuffer();
  });
  archive.catch(() => {}); // it is awaited below; until then a failure is not unhandled
  const indexURL = new URL("pyodide/", home).href;
  const python = await loadPyodide({ indexURL, stdout() {}, stderr() {} });
  self.postMessage({ stage: 1 });
  python.unpackArchive(await archive, "zip", { extractDir: "/judge" });
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
ready.then(() => self.postMessage({ stage: 3 }), (error) => self.postMessage({ failure: String(error?.message ?? error) }));

self.addEventListener("message", async ({ data: { call, args } }) => {
  try {
    self.postMessage({ result: plain((await ready)(call, args)), heap });
  } catch (error) {
    self.postMessage({ failure: String(error?.message ?? error).trim().split("\n").pop() });
  }
});
