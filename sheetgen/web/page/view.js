// The lines of the list, and what a line shows when it is opened. Texts of a file are put in as texts, never as HTML.

export const texts = JSON.parse(document.getElementById("texts").textContent);

/** A sentence of the table with its {names} filled in. */
export const say = (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

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
    const where = first ? make("span", { className: "sentence" }, say("first", { where: first })) : null;
    summary.replaceChildren(
      chip(word),
      make("span", {}, make("span", { className: "name" }, name), make("span", { className: "sentence" }, sentence), where),
    );
    element.dataset.word = word;
  };
  show("waiting");
  return { element, details, show, ready };
}

/** What was found in a file with this verdict; `copy` is a function that gives the file with comments, or null. */
export function findings({ findings: all, more, unjudged, unread, unread_more }, word, copy) {
  const parts = all.map(finding);
  if (!all.length && word === "right") parts.push(make("p", {}, texts.nothing));
  if (more) parts.push(make("p", {}, say("more", { n: more })));
  if (copy && all.length) {
    const button = make("button", { type: "button" }, texts.copy);
    button.addEventListener("click", () => copy(button));
    parts.push(make("p", {}, button), make("p", { className: "hint" }, texts.copy_hint));
  }
  if (unjudged.length) parts.push(make("h3", {}, texts.unjudged), list(unjudged));
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
  if (found) terms.append(make("dt", {}, texts.is), make("dd", {}, ...is));
  if (expected) terms.append(make("dt", {}, texts["should be"]), make("dd", { className: "meant" }, ...should));
  if (message) terms.append(make("dt", {}, texts.why), make("dd", {}, message));
  article.append(terms);
  return article;
}

/** Two texts as elements: a formula as code, in which the tokens that differ from the other formula are marked. */
function compared(found, expected) {
  const cut = (text) => /^(=.+?)(?:(: )(?=[a-z0-9-])(.*))?$/.exec(text);
  const [a, b] = [cut(found), cut(expected)];
  const tokens = (match) => (match ? match[1].match(/[$\w.]+|./g) : []);
  const [x, y] = [tokens(a), tokens(b)];
  const differs = x.length === y.length ? (k, own, other) => own[k] !== other[k] : inside(x, y);
  const show = (text, match, own, other) =>
    match ? [make("code", {}, ...own.map((t, k) => (other.length && differs(k, own, other) ? make("mark", {}, t) : t))), match[2] ?? "", match[3] ?? ""] : [text];
  return [show(found, a, x, y), show(expected, b, y, x)];
}

/** Of token lists that are not equally long: what stands between their common beginning and their common end. */
function inside(x, y) {
  const shorter = Math.min(x.length, y.length);
  let head = 0;
  while (head < shorter && x[head] === y[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && x.at(-1 - tail) === y.at(-1 - tail)) tail += 1;
  return (k, own) => k >= head && k < own.length - tail;
}

/** The numbers of a step, as the sheet has them, with the wrong one marked; first those alone that matter. */
function numbers(strip, where) {
  const short = shortened(strip);
  const box = make("div", { className: "strip", tabIndex: 0, role: "group", ariaLabel: say("strip", { where }) }, grid(short));
  const legend = make("p", { className: "legend", ariaHidden: "true" });
  for (const mark of ["wrong", "used", "meant"]) {
    if (!strip.some((cell) => cell.mark === mark)) continue;
    const entry = make("span", { className: mark }, texts[`mark_${mark}`]);
    entry.dataset.sign = { wrong: "✗", used: "•", meant: "✓" }[mark];
    legend.append(entry);
  }
  const middle = () => { // the wrong cell in the middle
    const cell = box.querySelector("td.wrong");
    if (cell) box.scrollLeft = cell.offsetLeft - (box.clientWidth - cell.offsetWidth) / 2;
  };
  requestAnimationFrame(middle);
  if (short.length === strip.length) return [box, legend];
  const all = make("button", { type: "button", className: "all-numbers" }, say("all_numbers", { n: strip.length }));
  all.addEventListener("click", () => {
    box.replaceChildren(grid(strip));
    all.remove();
    box.focus();
    middle();
  });
  return [box, legend, all];
}

/** A strip in which each run of cells that do not matter is one gap. */
function shortened(strip) {
  const kept = [];
  strip.forEach((cell, k) => {
    const matters = [k - 1, k, k + 1].some((i) => strip[i]?.mark === "wrong") || cell.mark;
    if (matters) kept.push(cell);
    else if (kept.at(-1)?.mark !== "gap") kept.push({ cell: "", label: "", text: "⋯", mark: "gap" });
  });
  return kept.length < strip.length && strip.some((cell) => cell.mark) ? kept : strip;
}

function grid(strip) {
  const hidden = (mark) => make("span", { className: "visually-hidden" }, ` ${mark === "gap" ? texts.left_out : texts[`mark_${mark}`]}`);
  const row = (name, tag, cells) =>
    make("tr", { className: name }, ...strip.map((c) => make(c.mark === "gap" ? "td" : tag, { className: c.mark }, ...cells(c))));
  return make("table", {},
    make("thead", {}, row("cells", "th", (c) => [c.cell]), row("labels", "th", (c) => [c.label])),
    make("tbody", {}, row("numbers", "td", (c) => (c.mark ? [c.text, hidden(c.mark)] : [c.text]))));
}
