// The page's judge in node: `node web_node.mjs PYODIDE python.zip FOLDER` prints a line of JSON for every workbook there:
// {name, seconds, document}, where the document is what `sheetgen audit --json NAME` prints.

import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodide, archive, folder] = process.argv.slice(2).map((path) => resolve(path));
const { loadPyodide } = await import(pathToFileURL(join(pyodide, "pyodide.mjs")));
const python = await loadPyodide({ indexURL: pyodide });
python.unpackArchive(new Uint8Array(readFileSync(archive)), "zip", { extractDir: "/judge" });
python.runPython("import sys; sys.path.append('/judge')");
const { call } = python.pyimport("sheetgen.web.judge");

for (const name of readdirSync(folder).sort()) {
  const content = new Uint8Array(readFileSync(join(folder, name)));
  const begun = performance.now();
  const kept = call("judge", [name, content, ""]);
  const seconds = (performance.now() - begun) / 1000;
  const [, pickled] = kept.toJs();
  const json = call("as_json", [[pickled]]);
  console.log(JSON.stringify({ name, seconds, document: new TextDecoder().decode(json.toJs()) }));
  kept.destroy();
  json.destroy();
}
