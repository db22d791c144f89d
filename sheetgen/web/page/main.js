// The page: files go to the pool of workers, verdicts come back, and what can be taken away is written from them.

import { chosen, dropped } from "./files.js";
import { Pool, Stopped } from "./pool.js";
import { chip, findings, line, make, say, texts } from "./view.js";

const $ = (id) => document.getElementById(id);
const WORDS = ["right", "doubtful", "wrong", "not judged"];
const LARGEST = 500; // MB of a file, which is held four times: here, on its way, and in Python twice
const TYPES = { xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", csv: "text/csv", json: "application/json" };

const judged = new Map(); // path -> {name, file, verdict (a pickle), word, done, row}, in the order in which they came
let pool = null;
let filter = null; // the verdict whose files alone are listed
let stopped = false;

// ---- Judging

async function add(files) {
  $("verdicts").hidden = $("skip").hidden = stopped = false;
  $("announcer").textContent = "";
  const alone = files.length === 1;
  const items = files.map(({ name, file }) => place(name, file));
  if (alone) items[0].row.details.open = true;
  $("verdicts").scrollIntoView({ block: "start" });
  progress();
  await Promise.all(items.map((item) => one(item, alone)));
}

/** A line for a file; one of the same path takes the place of the former. */
function place(name, file) {
  const item = { name, file, verdict: null, word: "waiting", done: false };
  item.row = line(name, (body) => describe(item, body));
  const former = judged.get(name);
  if (former) former.row.element.replaceWith(item.row.element);
  else $("list").append(item.row.element);
  judged.set(name, item);
  return item;
}

async function one(item, alone) {
  const [shown, pickled] = await verdict(item);
  if (judged.get(item.name) !== item) return; // it was dropped again meanwhile
  const { word, sentence, first } = JSON.parse(shown);
  Object.assign(item, { word, verdict: pickled, done: true });
  item.row.show(word, sentence, first);
  progress();
  if (alone) $("announcer").textContent = say("announce", { name: item.name, sentence });
  item.row.ready();
}

/** [what its line shows, the verdict as a pickle]: whatever happens to a file, or to its judge, is a verdict. */
async function verdict({ name, file, row }) {
  const own = base(name);
  const without = (why, seconds = 0) =>
    pool.run("without", [name, why, seconds], { first: true, lasting: true })
      .catch(() => [JSON.stringify({ word: "not judged", sentence: say("stopped", { name: own }), first: "" }), null]);
  if (file === null) return without(say("empty", { name: own }));
  if (file === undefined) return without(say("unreadable", { name: own }));
  if (file.size > LARGEST * 2 ** 20) return without(say("large", { name: own, most: LARGEST }));
  const seconds = Math.min(86_400, Math.max(1, Number($("timeout").value) || 120));
  try {
    const begin = async () => {
      row.show("working");
      return [name, await bytes(file), $("table").value.trim()];
    };
    return await pool.run("judge", begin, { seconds });
  } catch (error) {
    if (!(error instanceof Stopped)) return without(say("unreadable", { name: own }));
    if (error.message !== "stopped") return without(error.message, seconds);
    row.show("not judged", say("stopped", { name: own })); // at once, though Python may still be loading
    return without(say("stopped", { name: own }));
  }
}

const base = (name) => name.split("/").pop();
const bytes = async (file) => new Uint8Array(await file.arrayBuffer());

function progress() {
  const items = [...judged.values()];
  const open = items.filter((item) => !item.done).length; // those that are being judged, or wait
  const count = (word) => items.filter((item) => item.word === word).length;
  const counts = WORDS.filter(count).map((word) => `${count(word)} ${texts[word]}`).join(", ");
  $("progress").max = items.length;
  $("progress").value = items.length - open;
  $("progress").hidden = $("stop").hidden = !open;
  const judging = `${pool.started ? "" : `${$("state").textContent} `}${say("judging", { done: items.length - open, all: items.length })}`;
  $("progress-text").textContent = open ? judging : stopped ? say("all_stopped", { counts }) : say("all_judged", { counts });
  for (const id of ["report", "csv", "json", "clear"]) $(id).disabled = open > 0;
  if (!count(filter)) filter = null;
  for (const { row, word } of items) row.element.hidden = Boolean(filter) && word !== filter;
  filters(items.length > 1 ? WORDS.filter(count).map((word) => [word, count(word)]) : []);
}

/** A button for each verdict that there is; a person on one of them stays there. */
function filters(counts) {
  const focused = $("filters").contains(document.activeElement) && document.activeElement.dataset.word;
  $("filters").replaceChildren(...counts.map(([word, n]) => {
    const button = make("button", { type: "button", ariaPressed: String(word === filter) }, chip(word), ` ${n}`);
    button.dataset.word = word;
    button.addEventListener("click", () => {
      filter = word === filter ? null : word;
      progress();
    });
    return button;
  }));
  if (focused) [...$("filters").children].find((button) => button.dataset.word === focused)?.focus();
}

/** Fill a line that a person opened. */
async function describe(item, body) {
  if (!item.verdict) return;
  body.replaceChildren(make("p", { className: "hint" }, texts.details));
  try {
    const content = await item.file?.arrayBuffer().catch(() => null); // without it there are findings and no numbers
    const args = [item.name, new Uint8Array(content ?? 0), item.verdict];
    const all = JSON.parse(await pool.run("details", args, { first: true, seconds: 60 }));
    const changed = item.file && !content;
    body.replaceChildren(...findings(all, item.word, changed ? null : (button) => copy(item, button)));
  } catch (error) {
    body.replaceChildren(make("p", { className: "problem" }, say("not_shown", { why: reason(error) })));
  }
}

/** Why something failed, as the end of a sentence. */
function reason(error) {
  if (!(error instanceof Stopped)) return texts.why_changed;
  return error.failure ?? texts[`why_${error.message}`];
}

// ---- What can be taken away

function copy(item, button) {
  const name = base(item.name).replace(/(\.[^.]*)?$/, " commented$1");
  return take(button, name, async () => [item.name, await bytes(item.file), item.verdict], "as_copy");
}

const verdicts = () => [[...judged.values()].map((item) => item.verdict).filter(Boolean)];

async function take(button, name, args, call) {
  const label = button.textContent;
  const said = button.parentElement.nextElementSibling;
  if (said?.classList.contains("problem")) said.remove();
  Object.assign(button, { textContent: texts.writing, disabled: true });
  try {
    save(name, await pool.run(call, args, { first: true, seconds: 300 }));
  } catch (error) {
    const problem = make("p", { className: "problem", role: "alert" }, say("cannot", { why: reason(error) }));
    button.parentElement.after(problem);
  }
  Object.assign(button, { textContent: label, disabled: false });
  progress();
}

function save(name, content) {
  const url = URL.createObjectURL(new Blob([content], { type: TYPES[name.split(".").pop()] ?? TYPES.xlsx }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// ---- The page itself

function staged(stage) {
  $("loading").value = stage;
  $("state").textContent = texts[["starting", "starting", "loading", "ready"][stage]];
  if (judged.size) progress();
  if (stage < 3) return;
  $("loading").hidden = true;
  document.documentElement.dataset.ready = "true";
  offline();
}

/** Keep the page's own files for the next time, without the network; it is a comfort, and may fail. */
async function offline() {
  // `sheetgen web` needs no network; and what is kept would be shown by any other program that has the port some day.
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  try {
    if (!local) {
      await navigator.serviceWorker.register("offline.js");
      await navigator.serviceWorker.ready;
    }
    $("state").textContent = texts.ready_offline;
    document.documentElement.dataset.offline = "true";
  } catch { /* a private window, or a host without https */ }
}

function failed(why) {
  $("loading").hidden = true;
  $("state").className = "problem";
  $("state").textContent = say("failed", { why });
}

function listen() {
  $("choose").addEventListener("click", () => $("files").click());
  $("choose-folder").addEventListener("click", () => $("folder").click());
  for (const id of ["files", "folder"]) $(id).addEventListener("change", () => {
    const files = chosen($(id));
    if (files.length) add(files);
  });
  $("example").addEventListener("click", async () => {
    const response = await fetch("example.xlsx");
    add([{ name: "example.xlsx", file: new File([await response.blob()], "example.xlsx") }]);
  });
  // Of `dragenter`, too, the default is refused: else a drop is, when the page has moved under the pointer just before.
  for (const type of ["dragenter", "dragover", "drop", "dragleave"]) document.addEventListener(type, async (event) => {
    event.preventDefault(); // a file that misses the field is judged, too, and does not replace the page
    if (type !== "dragenter") $("drop").classList.toggle("over", type === "dragover");
    if (type !== "drop") return;
    const files = await dropped(event.dataTransfer);
    if (files.length) add(files);
    else $("state").textContent = texts.no_files;
  });
  $("stop").addEventListener("click", () => {
    stopped = true;
    pool.stop();
  });
  $("report").addEventListener("click", (event) => take(event.currentTarget, "report.xlsx", verdicts(), "as_report"));
  $("csv").addEventListener("click", (event) => take(event.currentTarget, "verdicts.csv", verdicts(), "as_csv"));
  $("json").addEventListener("click", (event) => take(event.currentTarget, "verdicts.json", verdicts(), "as_json"));
  $("clear").addEventListener("click", () => {
    judged.clear();
    $("list").replaceChildren();
    $("table").value = "";
    $("verdicts").hidden = $("skip").hidden = true;
    $("choose").focus();
  });
}

if (typeof DecompressionStream === "undefined" || typeof WebAssembly === "undefined") {
  $("loading").hidden = true;
  $("state").className = "problem";
  $("state").textContent = texts.old_browser;
} else {
  pool = new Pool(staged, failed);
  listen();
}
