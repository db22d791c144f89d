// The lines of the list, and what a line shows when it is opened. Texts of a file are put in as texts, never as HTML.

export const texts = JSON.parse(document.getElementById("texts").textContent);

/** A sentence of the table with its {names} filled in. */
export const say = (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

const MARKS = { wrong: "✗", used: "•", meant: "✓" };
const SIGNS = { right: "✓", wrong: "✗", doubtful: "!", "not judged": "?", error: "✗", warning: "!", note: "i" };

/** An element: make("p", {className: "x"}, child, "text", ...). */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function chip(word, text = texts[word]) {
  const sign = SIGNS[word] ? [make("span", { ariaHidden: "true" }, `${SIGNS[word]} `)] : [];
  return make("span", { className: `chip ${word.replace(" ", "-")}` }, ...sign, text);
}

/** A line of the list; `opened` is called once, when the verdict is there and a person has opened the line. */
export function line(name, opened) {
  const summary = make("summary");
  const body = make("div", { className: "body" });
  const details = make("details", {}, summary, body);
  const element = make("li", {}, details);
  let state = "judging";
  const look = () => {
    if (state !== "ready" || !details.open) return;
    state = "shown";
    opened(body);
  };
  const ready = () => {
    state = "ready";
    look();
  };
  details.addEventListener("toggle", look);
  const show = (word, sentence = "", first = "") => {
    const said = sentence.replace(`${word}: `, ""); // the chip says the word
    const where = first ? make("span", { className: "sentence" }, say("first", { where: first })) : null;
    const called = make("bdi", { className: "name" }, name);
    summary.replaceChildren(chip(word), make("span", {}, called, make("span", { className: "sentence" }, said), where));
    element.dataset.word = word;
  };
  show("waiting");
  return { element, details, show, ready };
}

/** What was found in a file with this verdict; `copy` is a function that gives the file with comments, or null. */
export function findings({ findings: all, more, unjudged, unread, unread_more }, word, copy) {
  const parts = [];
  if (copy && all.length) {
    const button = make("button", { type: "button" }, texts.copy);
    button.addEventListener("click", () => copy(button));
    parts.push(make("p", { className: "copy" }, button, make("span", { className: "hint" }, texts.copy_hint)));
  }
  if (!copy) parts.push(make("p", { className: "hint" }, texts.changed));
  parts.push(...all.map(finding));
  if (!all.length && word === "right") parts.push(make("p", {}, texts.nothing));

  if (more) parts.push(make("p", {}, say("more", { n: more })));
  if (unjudged.length && (all.length || unjudged.length > 3)) // else the verdict's sentence has them
    parts.push(make("h3", {}, texts.unjudged), list(unjudged));
  if (unread.length) {
    const rest = unread_more ? [say("more", { n: unread_more })] : [];
    parts.push(make("details", {}, make("summary", {}, texts.unread), list([...unread, ...rest])));
  }
  return parts;
}

const list = (items) => make("ul", {}, ...items.map((item) => make("li", {}, item)));

function finding({ severity, kind, where, found, expected, message, strip }) {
  const article = make("article", { className: `finding ${severity}` });
  article.append(make("h3", {}, chip(severity), make("span", { className: "where" }, where), kind));
  if (strip.length) article.append(...numbers(strip, where));
  const terms = make("dl");
  const [is, should] = compared(found, expected);
  if (found[0] || found[1]) terms.append(make("dt", {}, texts.is), make("dd", {}, ...is));
  if (expected[0] || expected[1]) terms.append(make("dt", {}, texts["should be"]), make("dd", { className: "meant" }, ...should));
  if (message) terms.append(make("dt", {}, texts.why), make("dd", {}, message));
  article.append(terms);
  return article;
}

/** Two [formula, what is said of it] as elements: the formulas as code, in which the tokens that differ are marked. */
function compared(found, expected) {
  const tokens = (formula) => formula.match(/\s+|[$\w.]+|./gs) ?? [];
  const meant = (all) => all.filter((token) => token.trim());
  const [x, y] = [tokens(found[0]), tokens(expected[0])];
  const show = (own, other, rest) => {
    const differs = difference(meant(own), meant(other));
    let k = -1;
    const marked = own.map((token) => (token.trim() && differs((k += 1)) ? make("mark", {}, token) : token));
    return [...(own.length ? [make("code", {}, ...marked)] : []), rest];
  };
  return [show(x, y, found[1]), show(y, x, expected[1])];
}

/** Whether a token differs from its like in another list; of lists not equally long, whether it stands between their ends. */
function difference(own, other) {
  if (!own.length || !other.length) return () => false;
  if (own.length === other.length) return (k) => own[k] !== other[k];
  const shorter = Math.min(own.length, other.length);
  let head = 0;
  while (head < shorter && own[head] === other[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && own.at(-1 - tail) === other.at(-1 - tail)) tail += 1;
  return (k) => k >= head && k < own.length - tail;
}

/** The numbers of a step, as the sheet has them, with the wrong one marked; first those alone that matter. */
function numbers(strip, where) {
  const short = shortened(strip);
  const cells = make("ol", { className: "strip", ariaLabel: say("strip", { where }) }, ...short.map(cell));
  const parts = [make("p", { className: "hint" }, texts.step), cells, legend(strip)];
  if (short.length < strip.length) {
    const all = make("button", { type: "button", className: "all-numbers" }, say("all_numbers", { n: strip.length }));
    all.addEventListener("click", () => {
      cells.replaceChildren(...strip.map(cell));
      cells.tabIndex = -1;
      cells.focus();
      all.remove();
    });
    parts.push(all);
  }
  return parts;
}

/** A strip in which each run of cells that do not matter is one gap. */
function shortened(strip) {
  const kept = [];
  for (const one of strip) {
    if (one.mark) kept.push(one);
    else if (kept.at(-1)?.mark !== "gap") kept.push({ cell: "", label: "", text: "⋯", mark: "gap" });
  }
  return kept.length < strip.length && strip.some((one) => one.mark) ? kept : strip;
}

function cell({ cell: at, label, text, mark }) {
  if (mark === "gap") return make("li", { className: mark, ariaHidden: "true" }, text);
  const sign = mark ? make("span", { ariaHidden: "true" }, `${MARKS[mark]} `) : null;
  const meaning = mark ? make("span", { className: "visually-hidden" }, texts[`mark_${mark}`]) : null;
  const head = make("span", { className: "at" }, ...[sign, at].filter(Boolean));
  return make("li", { className: mark }, head, make("strong", {}, label), make("span", {}, text), meaning);
}

function legend(strip) {
  const marks = Object.keys(MARKS).filter((mark) => strip.some((one) => one.mark === mark));
  const entry = (mark) => make("span", {}, make("span", { className: mark }, MARKS[mark]), ` ${texts[`mark_${mark}`]}`);
  return make("p", { className: "legend", ariaHidden: "true" }, ...marks.map(entry));
}
