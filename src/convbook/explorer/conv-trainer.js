/* <conv-trainer kind level seed>: endless small exercises, marked number by number. Its attributes
say which exercise is shown, `exercise` says what it is, and `enter(answer)` types an answer.
exercises.js makes the exercises, and trainer.json has all of the words. */

import { fill, lookUp, range, sizesOf } from "./arithmetic.js";
import { NAMES, arithmetic, asked, exerciseOf, hint, lights, nameOf, publicOf, recognize,
  write } from "./exercises.js";
import TEXT from "./trainer.json" with { type: "json" };

const LEVELS = [1, 2, 3], MEMORY = "conv-trainer";
const RISE = 4, FALL = 2; // right ones of five, wrong ones
const BRIEF = ["row", "output_padding"]; // their answers have a digit: a cell is complete by itself
// Headings of the trainer's page, to which chapters link.
const ANCHORS = { "#sizes": "size", "#fill-the-output": "fill", "#output-padding": "output_padding",
  "#rows-of-the-matrix": "row", "#weight-shapes": "shape", "#receptive-fields": "field" };
const CHAPTERS = { size: "padding-stride", fill: "corr2d", output_padding: "trans-conv-parameters",
  row: "matrix-view", shape: "multichannel", field: "dilation" };
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const FRAMED = top !== self; // the address of a frame is of no use

const chance = () => Math.floor(Math.random() * 1e6);
const button = (name, more = "") => `<button class="${name}" ${more}>${TEXT[name]}</button>`;
const menu = (name, label, values, words) => `<label>${label} <select class="${name}">${values.map(
  (value, i) => `<option value="${value}">${words[i]}</option>`).join("")}</select></label>`;
const key = (text, label = text) =>
  `<button data-key="${text}" tabindex="-1" aria-label="${label}">${text}</button>`;
const SKELETON = `<div class="bar">${
  menu("kind", TEXT.kind, NAMES, Object.values(TEXT.kinds))}${
  menu("level", TEXT.levels, LEVELS, LEVELS)}<span class="streak"></span></div>
<p class="ask" id="ask"></p><ol class="layers"></ol>
<div class="board" role="group" aria-labelledby="ask"></div>
<p class="note"></p>
<div class="keys touch" role="group" aria-label="${TEXT.keys}">${
  [...range(5).map((i) => key(i + 1)), key("⌫", TEXT.back), ...range(4).map((i) => key(i + 6)),
    key(0), key("−", TEXT.minus)].join("")}</div>
<div class="bar do">${button("hint")}${button("show")}${button("enter")}${
  button("next")}</div>
<div class="bar foot">${button("share")}${button("reset")}<a class="chapter">${TEXT.chapter}</a>
</div>
<div class="bar question" role="group" aria-labelledby="question" hidden><p id="question"></p>${
  button("delete")}${button("keep")}</div>
<div class="spoken" aria-live="polite"></div>`;

class ConvTrainer extends HTMLElement {
  static observedAttributes = ["kind", "level", "seed"];
  #seed = chance(); // where the attribute gives none
  #now; // the exercise; undefined: an attribute has changed since
  #drawn; // the exercise that is drawn
  #cells = []; // the inputs, in the order of its places
  #states = []; // of each cell: "", right, wrong, shown, or mended after one of these
  #current = 0; // the cell that the keypad and the buttons mean
  #fault = false; #counted = false; // a wrong number was entered; the exercise has its result
  #onward = 1; // the level of the next exercise
  /** @type {any} */
  #root;

  get exercise() { return publicOf(this.#exercise); }

  get #exercise() {
    const kind = this.#kind;
    return this.#now ??= exerciseOf(kind, this.#level(kind), this.#number("seed", 2 ** 32) ??
      this.#seed);
  }

  get #kind() {
    return [this.getAttribute("kind"), remember().kind, NAMES[0]].find((kind) =>
      NAMES.includes(kind));
  }

  #number(name, most) {
    const text = this.getAttribute(name)?.trim() ?? "", value = Number(text);
    return /^\d+$/.test(text) && value <= most ? value : undefined;
  }

  #level(kind) {
    return this.#number("level", 3) || (remember().levels[kind]?.[0] ?? 1);
  }

  connectedCallback() {
    if (!this.#root) this.#build();
    addEventListener("hashchange", this.#readAddress);
    this.#readAddress();
    this.#draw();
  }

  disconnectedCallback() { removeEventListener("hashchange", this.#readAddress); }

  attributeChangedCallback(name, before, after) {
    if (before === after) return;
    this.#now = undefined;
    if (this.#root) queueMicrotask(() => this.#draw()); // once, however many change
  }

  /** Do what typing does. Returns whether all is right, and the places that differ: indices, or
   * [row, column] in a grid. */
  enter(answer) {
    this.#draw();
    const e = this.#exercise, wrong = [];
    e.places.forEach((at, index) => {
      const value = lookUp(answer, at);
      if (value !== lookUp(e.answer, at)) wrong.push(at.length === 1 ? at[0] : at);
      if (!this.#root || !Number.isInteger(value)) return;
      this.#cells[index].value = write(value);
      this.#complete(index);
    });
    return { right: wrong.length === 0, wrong: e.places[0].length ? wrong : wrong.map(() => 0) };
  }

  // -- drawing --

  #find(selector) { return this.#root.querySelector(selector); }

  #build() {
    const root = this.#root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [SHEET];
    root.innerHTML = SKELETON;
    const on = (selector, type, react) =>
      this.#find(selector).addEventListener(type, (event) => react(event.target, event));
    on(".kind", "change", ({ value }) => this.#go(value));
    on(".level", "change", ({ value }) => this.#go(this.#kind, value));
    const clicks = {
      hint: () => this.#hint(),
      show: () => this.#show(),
      enter: () => this.#leave(this.#current),
      next: () => this.#next(),
      share: () => this.#share(),
      reset: () => this.#ask(true),
      keep: () => this.#ask(false),
      delete: () => this.#forget(),
      keys: ({ dataset }) => this.#press(dataset.key),
    };
    for (const name in clicks) on("." + name, "click", clicks[name]);
    // The cell keeps the focus while the keypad types into it.
    on(".keys", "pointerdown", (_, event) => event.preventDefault());
    const board = (type, react) => on(".board", type, (node, event) => {
      const index = this.#cells.indexOf(node);
      if (index >= 0) react(index, event);
    });
    board("focusin", (index) => this.#focus(index));
    board("focusout", (index, { relatedTarget }) => {
      // Who goes on to another cell has done with this one, and who asks for a hint has not.
      if (this.#cells.includes(relatedTarget) && !this.#complete(index) &&
        this.#cells[index].value) this.#tell(TEXT.nothing);
    });
    // What an input method composes is left alone until it is done.
    board("input", (index, { isComposing }) => isComposing || this.#type(index));
    board("compositionend", (index) => this.#type(index));
    board("keydown", (index, event) => this.#key(index, event));
  }

  #draw() {
    const e = this.#exercise;
    if (!this.#root || this.#drawn === e) return;
    const { kind, level, drawn: { layer, X, K, matrix } } = this.#drawn = e, values = asked(e);
    this.#states = e.places.map(() => "");
    this.#fault = this.#counted = false;
    this.#onward = level;
    this.#current = 0;
    this.#find(".kind").value = kind;
    this.#find(".level").value = level;
    this.#find(".ask").replaceChildren(...fill(TEXT.ask[kind], values).split("`").map((part, i) =>
      i % 2 ? element("code", {}, part) : part));
    this.#find(".layers").hidden = !values.layers;
    this.#find(".layers").replaceChildren(...(values.layers ?? []).map((layer) =>
      element("li", {}, element("code", {}, layer))));
    const width = kind === "fill" ? sizesOf(layer)[1] : kind !== "row" ? e.places.length
      : (matrix === "W" ? layer.input_size : sizesOf(layer))[1];
    const padding = kind === "fill" && layer.mode === "conv" ? layer.padding : [0, 0];
    this.#find(".board").replaceChildren(
      ...X ? [grid("X", X, padding)] : [], ...K ? [grid("K", K, [0, 0])] : [],
      this.#answer(width));
    this.#find(".share").hidden = FRAMED;
    const chapters = this.getAttribute("chapters"), link = this.#find(".chapter");
    link.hidden = chapters === null;
    link.href = `${chapters}${kind === "fill" && layer.mode !== "conv" ? "trans-conv"
      : CHAPTERS[kind]}.html`;
    this.#ask(false);
    this.#write();
    this.#tell("");
    this.#writeAddress();
  }

  /** The cells to fill in, so many in a line. */
  #answer(width) {
    const e = this.#exercise, isGrid = ["fill", "row"].includes(e.kind);
    const { row: line, matrix } = asked(e), letter = e.kind === "fill" ? "Y" : matrix ?? "";
    this.#cells = e.places.map((at, index) => {
      const [row, column] = e.kind === "row" ? [line, at[0]] : at;
      return element("input", { autocomplete: "off", className: "cell", inputMode: TOUCH.matches
        ? "none" : "numeric", ariaLabel: isGrid ? fill(TEXT.place, { letter, row, column })
        : nameOf(e, at) }, "", { "aria-describedby": `state-${index}` });
    });
    const rows = range(Math.ceil(this.#cells.length / width)).map((i) => element("tr", {},
      ...this.#cells.slice(i * width, (i + 1) * width).map((cell, j) => element("td", {}, cell,
        element("span", { id: `state-${i * width + j}`, hidden: true }),
        { "data-at": e.places[i * width + j] }))));
    const names = isGrid ? [] : [element("tr", {}, ...e.places.map((at) =>
      element("th", { scope: "col" }, nameOf(e, at))))];
    const title = e.kind === "row" ? fill(TEXT.line, { letter, row: line }) : letter;
    const label = TEXT[letter] ?? (title || TEXT.answer);
    return element("table", { className: "answer", ariaLabel: label },
      ...title ? [element("caption", {}, title)] : [], ...names, ...rows);
  }

  #write() {
    const { streak } = remember();
    this.#find(".streak").textContent = fill(TEXT.streak, { streak });
  }

  /** Show a text, and say it to a screen reader. */
  #tell(text, said = text) {
    this.#find(".note").textContent = text;
    this.#find(".spoken").textContent = said;
  }

  #light(at) {
    for (const cell of this.#root.querySelectorAll(".lit")) cell.classList.remove("lit");
    const lit = at ? lights(this.#exercise, at) : {};
    for (const name in lit)
      for (const place of lit[name])
        this.#find(`.${name} [data-at="${place}"]`)?.classList.add("lit");
  }

  // -- what the reader does --

  #type(index) {
    const value = wholeIn(this.#cells[index].value);
    if (value !== undefined && BRIEF.includes(this.#exercise.kind)) this.#leave(index);
  }

  /** A key of the keypad. */
  #press(key) {
    const cell = this.#cells[this.#current];
    if (!key) return;
    if (!this.#root.activeElement) cell.focus();
    if (this.#states[this.#current] && cell.dataset.fresh) cell.value = "";
    delete cell.dataset.fresh;
    if (key === "⌫") cell.value = cell.value.slice(0, -1);
    else if (key === "−") cell.value = /^[-−]/.test(cell.value) ? cell.value.slice(1)
      : `−${cell.value}`;
    else cell.value += key;
    this.#type(this.#current);
  }

  #key(index, event) {
    const { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (key === "Enter") this.#leave(index);
    else if (ARROWS[key]) {
      const row = this.#cells[index].closest("tr"), [down, right] = ARROWS[key];
      const column = this.#cells[index].parentElement.cellIndex;
      row.parentElement.rows[row.rowIndex + down]?.cells[column + right]?.querySelector("input")
        ?.focus();
    } else return;
    event.preventDefault();
  }

  /** The next digit replaces a number that is marked. */
  #select(index) {
    this.#cells[index].select();
    this.#cells[index].dataset.fresh = "yes";
  }

  #focus(index) {
    this.#current = index;
    this.#select(index);
    if (this.#states[index] === "wrong") this.#explain(index);
  }

  /** Complete a cell, and go on; a wrong one is left only after another look. */
  #leave(index) {
    const seen = this.#cells[index].dataset.marked === this.#cells[index].value;
    if (!this.#complete(index)) this.#tell(TEXT.nothing);
    else if (seen || this.#states[index] !== "wrong") this.#goOn(index);
    else this.#select(index);
  }

  /** Go to the next open cell, or to Next. */
  #goOn(index) {
    const open = [...this.#states.keys()].filter((i) => !this.#states[i]);
    const next = open.find((i) => i > index) ?? open[0];
    (this.#cells[next] ?? this.#find(".next")).focus();
  }

  /** Mark a cell. Returns whether there was a whole number. */
  #complete(index) {
    const e = this.#exercise, at = e.places[index], cell = this.#cells[index];
    const value = wholeIn(cell.value), had = this.#states[index], { marked } = cell.dataset;
    cell.value = value === undefined ? marked ?? cell.value : write(value);
    if (value === undefined || (had && marked === cell.value)) return value !== undefined;
    const isRight = value === lookUp(e.answer, at);
    if (!isRight) this.#fault = true;
    this.#mark(index, !isRight ? "wrong" : had ? "mended" : "right");
    if (isRight) {
      this.#light();
      this.#tell(fill(TEXT.right, { name: nameOf(e, at), value: write(value) }));
    } else this.#explain(index);
    this.#finish();
    return true;
  }

  #mark(index, state) {
    const cell = this.#cells[index];
    this.#states[index] = state;
    cell.parentElement.className = state;
    cell.ariaInvalid = state === "wrong" ? "true" : null;
    cell.dataset.marked = cell.value;
    cell.nextSibling.textContent = state === "wrong" ? this.#sentence(index) : TEXT.cell[state];
  }

  /** What is wrong with a cell, in words. */
  #sentence(index) {
    const e = this.#exercise, name = recognize(e, index, this.#cells.map(({ dataset }) =>
      wholeIn(dataset.marked ?? "")));
    return fill(TEXT.wrong, { arithmetic: arithmetic(e, e.places[index]),
      entered: this.#cells[index].value }) + (name ? `\n${TEXT.mistakes[name]}` : "");
  }

  #explain(index) {
    this.#light(this.#exercise.places[index]);
    this.#tell(this.#cells[index].nextSibling.textContent);
  }

  #hint() {
    const e = this.#exercise, at = e.places[this.#current];
    this.#light(at);
    this.#tell(hint(e, at));
    this.#cells[this.#current].focus();
  }

  #show() {
    const e = this.#exercise, open = [...this.#states.keys()].filter((i) => !this.#states[i] ||
      this.#states[i] === "wrong");
    const index = open.includes(this.#current) ? this.#current : open[0];
    if (index === undefined) return;
    const at = e.places[index];
    this.#cells[index].value = write(lookUp(e.answer, at));
    this.#mark(index, "shown");
    this.#goOn(index);
    this.#light(at);
    this.#tell(fill(TEXT.shown, { arithmetic: arithmetic(e, at) }));
    this.#finish();
  }

  // -- results --

  /** Count the exercise, once all of its cells are complete. */
  #finish() {
    if (!this.#states.every(Boolean)) return;
    const result = this.#fault ? "wrong" : this.#states.includes("shown") ? "shown" : "right";
    if (!this.#counted) this.#count(result);
    this.#write();
    const before = this.#exercise.level, level = this.#onward;
    this.#tell([this.#find(".note").textContent,
      !this.#states.includes("wrong") && TEXT.done[result], // as long as one is, it can be mended
      level > before && fill(TEXT.up, { level }), level < before && fill(TEXT.down, { level }),
    ].filter(Boolean).join("\n"));
  }

  /** Remember a result. */
  #count(result) {
    const { kind, level } = this.#exercise, memory = remember();
    this.#counted = true;
    if (result === "shown") return;
    const known = memory.levels[kind];
    let [next, right, wrong] = known?.[0] === level ? known : [level, 0, 0];
    if (result === "right") right++;
    else wrong++;
    memory.streak = result === "right" ? memory.streak + 1 : 0;
    if (right >= RISE || wrong >= FALL) {
      next = Math.min(Math.max(level + (right >= RISE ? 1 : -1), 1), 3);
      right = wrong = 0;
    }
    Object.assign(memory, { kind }).levels[kind] = [this.#onward = next, right, wrong];
    keep(memory);
  }

  #next() {
    if (this.#fault && !this.#counted) this.#count("wrong"); // a wrong one is not undone by leaving
    this.#go(this.#kind, this.#onward);
    this.#draw();
    this.#cells[0].focus({ preventScroll: true });
  }

  /** Another exercise. */
  #go(kind, level = remember().levels[kind]?.[0] ?? 1) {
    keep(Object.assign(remember(), { kind }));
    for (const [name, value] of Object.entries({ kind, level, seed: chance() }))
      this.setAttribute(name, value);
  }

  #ask(isAsked) {
    this.#find(".question").hidden = !isAsked;
    this.#find("#question").textContent = fill(TEXT.question, remember());
    if (isAsked) this.#find(".keep").focus();
    else if (this.#root.activeElement?.closest(".question")) this.#find(".reset").focus();
  }

  #forget() {
    keep();
    this.#ask(false);
    this.#find(".reset").focus();
    this.#write();
    this.#tell(TEXT.deleted);
  }

  // -- the address: #kind=fill&level=1&seed=7 --

  get #hasAddress() { return !FRAMED && document.querySelector("conv-trainer") === this; }

  #writeAddress() {
    const { kind, level, seed } = this.#exercise, { hash } = location;
    if (!this.#hasAddress || (hash && !hash.startsWith("#kind=") && !ANCHORS[hash])) return;
    try {
      history.replaceState(history.state, "", `#${new URLSearchParams({ kind, level, seed })}`);
    } catch { /* some sandboxes have no history */ }
  }

  #readAddress = (event) => {
    const { hash } = location;
    if (!this.#hasAddress) return;
    if (hash.startsWith("#kind=")) {
      const given = new URLSearchParams(hash.slice(1));
      for (const name of ConvTrainer.observedAttributes)
        if (given.has(name)) this.setAttribute(name, String(given.get(name)));
        else this.removeAttribute(name);
    } else if (ANCHORS[hash] && !event) { // from another page; on its own, one goes to the section
      this.setAttribute("kind", ANCHORS[hash]);
      const reach = () => this.scrollIntoView();
      if (document.readyState === "complete") reach();
      else addEventListener("load", reach, { once: true });
    }
  };

  async #share() {
    this.#writeAddress();
    try {
      await navigator.clipboard.writeText(location.href);
      this.#tell(TEXT.copied);
    } catch { this.#tell(TEXT.address); } // not allowed here: the reader can
  }
}

// -- small things --

const TOUCH = matchMedia("(any-pointer: coarse)");

function element(name, properties, ...rest) {
  const node = Object.assign(document.createElement(name), properties);
  for (const part of rest)
    if (part instanceof Node || typeof part === "string") node.append(part);
    else for (const name in part) node.setAttribute(name, part[name]);
  return node;
}

/** The numbers of X or K, with a border for the zeros to put in. */
function grid(letter, numbers, [down, right]) {
  const height = numbers.length + 2 * down, width = numbers[0].length + 2 * right;
  return element("table", { className: letter, ariaLabel: TEXT[letter] },
    element("caption", {}, letter), ...range(height).map((i) => element("tr", {},
      ...range(width).map((j) => {
        const value = numbers[i - down]?.[j - right];
        return element("td", { className: value === undefined ? "zero" : "" },
          value === undefined ? "" : write(value), { "data-at": [i - down, j - right] });
      }))));
}

/** The whole number in a text, with full-width digits and any minus; undefined if there is none. */
const wholeIn = (text) => {
  const plain = text.normalize("NFKC").trim().replace(/^[−‐-―]/, "-");
  return /^[-+]?\d{1,6}$/.test(plain) ? Number(plain) + 0 : undefined; // + 0: no minus at a zero
};

/** What this device knows of the reader: {kind, levels: {kind: [level, right, wrong]}, streak}.
 * It is read anew each time: another trainer or tab may have counted. */
function remember() {
  let { kind, levels = {}, streak } = kept;
  try { ({ kind, levels = {}, streak } = JSON.parse(String(localStorage.getItem(MEMORY))) ?? kept);
  } catch { /* refused, or not ours */ }
  return { kind, streak: Number.isInteger(streak) ? streak : 0,
    levels: Object.fromEntries(NAMES.map((name) => [name, levels?.[name]]).filter(([, one]) =>
      Array.isArray(one) && LEVELS.includes(one[0]) && one.slice(1).every(Number.isInteger))) };
}

/** @type {any} Where the device may keep nothing, the page does, as long as it is open. */
let kept = {};

/** Keep what is known of the reader, or nothing. */
function keep(memory) {
  kept = {};
  try {
    if (memory) localStorage.setItem(MEMORY, JSON.stringify(memory));
    else localStorage.removeItem(MEMORY);
  } catch { kept = memory ?? {}; }
}

// Here, in a bundle, so that it does not come between code and code, which compress well together.
import SHEET from "./conv-trainer.css" with { type: "css" };
customElements.define("conv-trainer", ConvTrainer);
