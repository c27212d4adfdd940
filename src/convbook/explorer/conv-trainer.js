/* <conv-trainer kind level seed>: endless small exercises, marked number by number. Its attributes
say which exercise is shown, `exercise` says what it is, and `enter(answer)` types an answer.
exercises.js makes the exercises, and trainer.json has all of the words. */

import { fill, lookUp, range, rounded, typed, write } from "./arithmetic.js";
import { NAMES, arithmetic, asked, exerciseOf, hint, lights, nameOf, publicOf, recognize,
  sidesOf } from "./exercises.js";
import { ConvElement, FRAMED, buttons, copy, menu } from "./base.js";
import TEXT from "./trainer.json" with { type: "json" };
import BASE from "./base.css" with { type: "css" };
import TRAINER from "./conv-trainer.css" with { type: "css" };

const LEVELS = [1, 2, 3], MEMORY = "conv-trainer";
const RISE = 4, FALL = 2; // right ones of five, wrong ones
const BRIEF = ["row", "output_padding"]; // their answers have a digit: a cell is complete by itself
// Headings of the trainer's page, to which chapters link.
const ANCHORS = { "#sizes": "size", "#fill-the-output": "fill", "#output-padding": "output_padding",
  "#rows-of-the-matrix": "row", "#weight-shapes": "shape", "#receptive-fields": "field" };
const CHAPTERS = { size: "padding-stride", fill: "corr2d", output_padding: "trans-conv-parameters",
  row: "matrix-view", shape: "multichannel", field: "dilation" };
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

const chance = () => Math.floor(Math.random() * 1e6);
const key = (text) => `<button data-key="${text}" tabindex="-1" aria-label="${
  { "⌫": TEXT.back, "−": TEXT.minus }[text] ?? text}">${text}</button>`;
const TRAINER_SKELETON = `<div class="bar">${
  menu("kind", TEXT.kind, Object.keys(TEXT.kinds), Object.values(TEXT.kinds))}${
  menu("level", TEXT.levels, LEVELS, LEVELS)}<span class="streak"></span></div>
<p class="ask" id="ask"></p><ol class="layers"></ol>
<div class="board" role="group" aria-labelledby="ask"></div>
<p class="note"></p>
<div class="keys" role="group" aria-label="${TEXT.keys}">${
  [..."12345⌫67890−"].map(key).join("")}</div>
<div class="bar do">${buttons(TEXT, "hint", "show", "enter", "next")}</div>
<div class="bar foot">${buttons(TEXT, "share", "reset")}<a class="chapter">${TEXT.chapter}</a></div>
<div class="bar question" role="group" aria-labelledby="question" hidden><p id="question"></p>${
  buttons(TEXT, "delete", "keep")}</div>
<div class="spoken" aria-live="polite"></div>`;

export class ConvTrainer extends ConvElement {
  static observedAttributes = ["kind", "level", "seed"];
  static addressed = this.observedAttributes;
  #seed = chance(); // where the attribute gives none
  #model; // the exercise; undefined: an attribute has changed since
  #drawn; // the exercise that is drawn
  /** @type {any[]} */
  #cells = []; // the inputs, in the order of its places: each knows its place, `at`; its `state`:
  // none, right, wrong, shown, or mended after one of these; the text that is `marked`; and whether
  // the next digit replaces it, `fresh`
  #focused; // the cell that the keypad and the buttons mean
  #fault = false; #counted = false; // a wrong number was entered; the exercise has its result
  #onward = 1; // the level of the next exercise

  get exercise() { return publicOf(this.#now); }

  get #now() {
    const kind = this.#kind;
    return this.#model ??= exerciseOf(kind, this.#level(kind), this.#read("seed", 2 ** 32) ??
      this.#seed);
  }

  get #kind() {
    return [this.getAttribute("kind"), remember().kind, NAMES[0]].find((kind) =>
      NAMES.includes(kind));
  }

  #read(name, most) {
    const text = this.getAttribute(name)?.trim() ?? "", value = Number(text);
    return /^\d+$/.test(text) && value <= most ? value : undefined;
  }

  #level(kind) {
    return this.#read("level", 3) || levelOf(kind);
  }

  connectedCallback() {
    super.connectedCallback();
    const kind = ANCHORS[location.hash];
    if (!kind || !this.#hasAddress) return;
    this.give("kind", kind);
    const reach = () => this.scrollIntoView();
    if (document.readyState === "complete") reach();
    else addEventListener("load", reach, { once: true });
  }

  attributeChangedCallback(name, before, after) {
    if (before !== after) this.#model = undefined;
    this.wait();
  }

  /** Do what typing does. Returns whether all is right, and the places that differ: indices, or
   * [row, column] in a grid. */
  enter(answer) {
    this.draw();
    const e = this.#now, wrong = [];
    e.places.forEach((at, index) => {
      const value = lookUp(answer, at), cell = this.#cells[index];
      if (value !== lookUp(e.answer, at)) wrong.push(at.length === 1 ? at[0] : at);
      if (!cell || !Number.isInteger(value)) return;
      cell.value = write(value);
      this.#complete(cell);
    });
    return { right: wrong.length === 0, wrong: e.places[0].length ? wrong : wrong.map(() => 0) };
  }

  // -- drawing --

  build() {
    this.furnish(TRAINER_SKELETON, BASE, TRAINER);
    this.on("#kind", "change", ({ value }) => this.#go(value));
    this.on("#level", "change", ({ value }) => this.#go(this.#kind, value));
    this.clicks({
      hint: () => this.#hint(),
      show: () => this.#show(),
      enter: () => this.#leave(this.#focused),
      next: () => this.#next(),
      share: () => this.#share(),
      reset: () => this.#ask(true),
      keep: () => this.#ask(false),
      delete: () => this.#forget(),
      keys: ({ dataset }) => this.#press(dataset.key),
    });
    // The cell keeps the focus while the keypad types into it.
    this.on(".keys", "pointerdown", (_, event) => event.preventDefault());
    const board = (type, react) => this.on(".board", type, (node, event) => {
      if (this.#cells.includes(node)) react(node, event);
    });
    board("focusin", (cell) => this.#focus(cell));
    board("focusout", (cell, { relatedTarget }) => {
      // Who goes on to another cell has done with this one, and who asks for a hint has not.
      if (this.#cells.includes(relatedTarget) && !this.#complete(cell) && cell.value)
        this.#tell(TEXT.nothing);
    });
    // What an input method composes is left alone until it is done.
    board("input", (cell, { isComposing }) => isComposing || this.#type(cell));
    board("compositionend", (cell) => this.#type(cell));
    board("keydown", (cell, event) => this.#key(cell, event));
  }

  draw() {
    const e = this.#now;
    if (!this.root || this.#drawn === e) return;
    const { kind, level, drawn: { layer, X, K, matrix } } = this.#drawn = e, values = asked(e);
    this.#fault = this.#counted = false;
    this.#onward = level;
    this.find("#kind").value = kind;
    this.find("#level").value = level;
    this.find(".ask").innerHTML = fill(TEXT.ask[kind], values).replace(/`(.*?)`/g, code("$1"));
    this.find(".layers").hidden = !values.layers;
    this.find(".layers").innerHTML =
      (values.layers ?? []).map((layer) => `<li>${code(layer)}`).join("");
    const width = kind === "row" ? sidesOf({ layer, matrix })[1][1]
      : e.answer[0]?.length ?? e.places.length;
    this.find(".board").innerHTML = grid("X", X, layer.mode === "conv" ? layer.padding : [0, 0]) +
      grid("K", K, [0, 0]) + this.#answer(width);
    this.#cells = this.all(".cell");
    this.#cells.forEach((cell, index) => { cell.at = e.places[index]; });
    this.#focused = this.#cells[0];
    this.find(".share").hidden = !this.#hasAddress;
    const chapters = this.getAttribute("chapters"), link = this.find(".chapter");
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
    const e = this.#now, { row: line, matrix } = asked(e);
    const letter = e.kind === "fill" ? "Y" : matrix ?? ""; // of a grid
    const cells = e.places.map((at, index) => {
      const [row, column] = e.kind === "row" ? [line, at[0]] : at;
      const label = letter ? fill(TEXT.place, { letter, row, column }) : nameOf(e, at);
      return `<td data-at="${at}"><input class="cell" autocomplete="off" inputmode="${
        TOUCH.matches ? "none" : "numeric"}" aria-label="${label}" aria-describedby="state-${
        index}"><span id="state-${index}" hidden></span>`;
    });
    const rows = range(Math.ceil(cells.length / width)).map((i) =>
      cells.slice(i * width, (i + 1) * width));
    if (!letter) rows.unshift(e.places.map((at) => `<th scope="col">${nameOf(e, at)}`));
    const title = e.kind === "row" ? fill(TEXT.line, { letter, row: line }) : letter;
    return table("answer", TEXT[letter] ?? (title || TEXT.answer), title, rows);
  }

  #write() {
    const { streak } = remember();
    this.text(".streak", fill(TEXT.streak, { streak }));
  }

  /** Show a text, and say it to a screen reader. */
  #tell(text) { for (const selector of [".note", ".spoken"]) this.text(selector, text); }

  #light(at) {
    for (const cell of this.all(".lit")) cell.classList.remove("lit");
    const lit = at ? lights(this.#now, at) : {};
    for (const name in lit)
      for (const place of lit[name])
        this.find(`.${name} [data-at="${place}"]`)?.classList.add("lit");
  }

  // -- what the reader does --

  #type(cell) {
    if (wholeIn(cell.value) !== undefined && BRIEF.includes(this.#now.kind)) this.#leave(cell);
  }

  /** A key of the keypad. */
  #press(key) {
    const cell = this.#focused;
    if (!key) return;
    if (!this.root.activeElement) cell.focus();
    if (cell.state && cell.fresh) cell.value = "";
    cell.fresh = false;
    if (key === "⌫") cell.value = cell.value.slice(0, -1);
    else if (key === "−") cell.value = /^[-−]/.test(cell.value) ? cell.value.slice(1)
      : `−${cell.value}`;
    else cell.value += key;
    this.#type(cell);
  }

  #key(cell, event) {
    const { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (key === "Enter") this.#leave(cell);
    else if (ARROWS[key]) {
      const row = cell.closest("tr"), [down, right] = ARROWS[key];
      const column = cell.parentElement.cellIndex + right;
      row.parentElement.rows[row.rowIndex + down]?.cells[column]?.querySelector("input")?.focus();
    } else return;
    event.preventDefault();
  }

  /** The next digit replaces a number that is marked. */
  #select(cell) {
    cell.select();
    cell.fresh = true;
  }

  #focus(cell) {
    this.#focused = cell;
    this.#select(cell);
    if (cell.state === "wrong") this.#explain(cell);
  }

  /** Complete a cell, and go on; a wrong one is left only after another look. */
  #leave(cell) {
    const seen = cell.marked === cell.value;
    if (!this.#complete(cell)) this.#tell(TEXT.nothing);
    else if (seen || cell.state !== "wrong") this.#goOn(cell);
    else this.#select(cell);
  }

  /** Go to the next open cell, or to Next. */
  #goOn(cell) {
    const after = this.#cells.slice(this.#cells.indexOf(cell));
    ([...after, ...this.#cells].find(({ state }) => !state) ?? this.find(".next")).focus();
  }

  /** Mark a cell. Returns whether there was a whole number. */
  #complete(cell) {
    const e = this.#now, { at, state, marked } = cell, value = wholeIn(cell.value);
    cell.value = value === undefined ? marked ?? cell.value : write(value);
    if (value === undefined || (state && marked === cell.value)) return value !== undefined;
    const isRight = value === lookUp(e.answer, at);
    if (!isRight) this.#fault = true;
    this.#mark(cell, !isRight ? "wrong" : state ? "mended" : "right");
    if (isRight) {
      this.#light();
      this.#tell(fill(TEXT.right, { name: nameOf(e, at), value: write(value) }));
    } else this.#explain(cell);
    this.#finish();
    return true;
  }

  #mark(cell, state) {
    cell.state = cell.parentElement.className = state;
    cell.ariaInvalid = state === "wrong" ? "true" : null;
    cell.marked = cell.value;
    cell.nextSibling.textContent = state === "wrong" ? this.#sentence(cell) : TEXT.cell[state];
  }

  /** What is wrong with a cell, in words. */
  #sentence(cell) {
    const e = this.#now, entered = this.#cells.map(({ marked = "" }) => wholeIn(marked));
    const name = recognize(e, this.#cells.indexOf(cell), entered);
    return fill(TEXT.wrong, { arithmetic: arithmetic(e, cell.at), entered: cell.value }) +
      (name ? `\n${TEXT.mistakes[name]}` : "");
  }

  #explain(cell) {
    this.#light(cell.at);
    this.#tell(cell.nextSibling.textContent);
  }

  #hint() {
    this.#light(this.#focused.at);
    this.#tell(hint(this.#now, this.#focused.at));
    this.#focused.focus();
  }

  #show() {
    const e = this.#now, open = this.#cells.filter(({ state }) => !state || state === "wrong");
    const cell = open.includes(this.#focused) ? this.#focused : open[0];
    if (!cell) return;
    cell.value = write(lookUp(e.answer, cell.at));
    this.#mark(cell, "shown");
    this.#goOn(cell);
    this.#light(cell.at);
    this.#tell(fill(TEXT.shown, { arithmetic: arithmetic(e, cell.at) }));
    this.#finish();
  }

  // -- results --

  /** Count the exercise, once all of its cells are complete. */
  #finish() {
    const states = this.#cells.map(({ state }) => state);
    if (!states.every(Boolean)) return;
    const result = this.#fault ? "wrong" : states.includes("shown") ? "shown" : "right";
    if (!this.#counted) this.#count(result);
    this.#write();
    const before = this.#now.level, level = this.#onward;
    this.#tell([this.find(".note").textContent,
      !states.includes("wrong") && TEXT.done[result], // as long as one is, it can be mended
      level > before && fill(TEXT.up, { level }), level < before && fill(TEXT.down, { level }),
    ].filter(Boolean).join("\n"));
  }

  /** Remember a result. */
  #count(result) {
    const { kind, level } = this.#now, memory = remember();
    this.#counted = true;
    if (result === "shown") return;
    const known = memory.levels[kind];
    let [next, right, wrong] = known?.[0] === level ? known : [level, 0, 0];
    if (result === "right") right++;
    else wrong++;
    memory.streak = result === "right" ? memory.streak + 1 : 0;
    if (right >= RISE || wrong >= FALL) {
      next = rounded(level + (right >= RISE ? 1 : -1), [1, 3]);
      right = wrong = 0;
    }
    Object.assign(memory, { kind }).levels[kind] = [this.#onward = next, right, wrong];
    keep(memory);
  }

  #next() {
    if (this.#fault && !this.#counted) this.#count("wrong"); // a wrong one is not undone by leaving
    this.#go(this.#kind, this.#onward);
    this.draw();
    this.#cells[0].focus({ preventScroll: true });
  }

  /** Another exercise. */
  #go(kind, level = levelOf(kind)) {
    keep(Object.assign(remember(), { kind }));
    for (const [name, value] of Object.entries({ kind, level, seed: chance() }))
      this.setAttribute(name, value);
  }

  #ask(isAsked) {
    this.find(".question").hidden = !isAsked;
    this.text("#question", fill(TEXT.question, remember()));
    if (isAsked) this.find(".keep").focus();
    else if (this.root.activeElement?.closest(".question")) this.find(".reset").focus();
  }

  #forget() {
    keep();
    this.#ask(false);
    this.find(".reset").focus();
    this.#write();
    this.#tell(TEXT.deleted);
  }

  // -- the address: #kind=fill&level=1&seed=7 --

  get #hasAddress() { return !FRAMED && document.querySelector("conv-trainer") === this; }

  address() {
    const { kind, level, seed } = this.#now;
    return `#${new URLSearchParams({ kind, level, seed })}`;
  }

  stateIn(hash) { return this.#hasAddress ? /^#(kind=.*)/.exec(hash)?.[1] : undefined; }

  #writeAddress(isAsked = ANCHORS[location.hash]) {
    if (this.#hasAddress) this.writeAddress(isAsked);
  }

  async #share() {
    this.#writeAddress(true);
    this.#tell(await copy(location.href) ? TEXT.copied : TEXT.address);
  }
}

// -- small things --

const TOUCH = matchMedia("(any-pointer: coarse)");

const code = (text) => `<code>${text}</code>`;

/** A table of rows of cells. */
const table = (name, label, title, rows) => `<table class="${name}" aria-label="${label}">${
  title && `<caption>${title}</caption>`}${rows.map((cells) => `<tr>${cells.join("")}`).join("")
}</table>`;

/** The numbers of X or K, if there are any, with a border for the zeros to put in. */
const grid = (letter, numbers, [down, right]) => numbers ? table(letter, TEXT[letter], letter,
  range(numbers.length + 2 * down).map((i) => range(numbers[0].length + 2 * right).map((j) => {
    const value = numbers[i - down]?.[j - right];
    return `<td data-at="${[i - down, j - right]}" ${
      value === undefined ? `class="zero">` : `>${write(value)}`}`;
  }))) : "";

/** The whole number in a text, with full-width digits and any minus; undefined if there is none. */
const wholeIn = (text) => {
  const plain = typed(text);
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

const levelOf = (kind) => remember().levels[kind]?.[0] ?? 1;

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
