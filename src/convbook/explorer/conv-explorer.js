/* <conv-explorer>: a convolution or its transpose, cell by cell. Its attributes hold all of its
state, and what the reader does sets them; `result` says what is shown. element.py says what the
attributes mean, and explorer.json has all of the words. */

import { CHANNELS, LARGEST_NUMBER, MODES, PAIRED, PARAMETERS, PRESETS, SOLVED, VIEWS, WORDS, axisOf,
  bracketed, brief, build, by, byName, callOf, convolve, eachAxis, fill, formula, formulaInNumbers,
  groupOf, inCamels, isFine, isSquare, isUsual, links, listed, lookUp, numbers, outputPaddingFor,
  product, range, rangeOf, reachOf, readBy, ruleOf, settle, shapesOf, sizeOf, sizesOf, solve, typed,
  weightAt, weightAxes, write } from "./arithmetic.js";
import { ConvElement, FRAMED, buttons, copy, menu } from "./base.js";
import BASE from "./base.css" with { type: "css" };
import EXPLORER from "./conv-explorer.css" with { type: "css" };

const LETTER = { input: "X", kernel: "K", output: "Y" };
const GRIDS = Object.keys(LETTER);
const MOST_ENTRIES = 20000; // of a matrix that is drawn

const kebab = (name) => name.replace("_", "-");
const short = (given) => [...String(given)].slice(0, 20).join("");
/** x₀₁; of more than ten rows x₀,₁₂ */
const indexed = (letter, at) => letter + at.join(at.some((i) => i > 9) ? "," : "")
  .replace(/\d/g, (digit) => String.fromCharCode(0x2080 + Number(digit)));

/** A place in a grid of a shape, counted through. */
const flat = (place, shape) => place.reduce((index, at, axis) => index * shape[axis] + at, 0);

// ---- What is drawn ----

/** Everything that is drawn. `read(name, normal)` gives the text of an attribute. A place is
 * {grid, b, r, c}: the block b is one matrix of a grid, and (0, 0) is the first cell of X, K or Y.
 * @param {(name: string, normal: string) => string} read @returns {any} */
function modelOf(read) {
  const reasons = [];
  const say = (kind, name, given, rule, used) =>
    reasons.push(fill(WORDS[kind], { name, given: short(given), rule, used }));
  const s = settle((name, normal) => read(kebab(name), normal), say);
  const conv = s.mode === "conv", zeros = s.view === "zeros";
  const shapes = shapesOf(s), weight = shapes.kernel;
  /** @type {any} */
  const m = {
    ...s, state: s, shapes, zeros, scatters: !conv && !zeros, sizes: sizesOf(s),
    isSquare: isSquare(s),
    hasChannels: s.in_channels > 1 || s.out_channels > 1,
    X: numbers("input", read("input", "counting"), shapes.input, say),
    K: numbers("kernel", read("kernel", "counting"), weight, say),
    entries: [], // of the matrix, if it is drawn
    counted: s.view !== "counts" ? "" : conv ? "input" : "output",
    blocks: { input: range(s.in_channels).map((c) => [c]),
      kernel: range(weight[0] * weight[1]).map((b) => [Math.floor(b / weight[1]), b % weight[1]]),
      output: range(s.out_channels).map((o) => [o]) },
    // Which blocks meet.
    wires: range(s.out_channels).flatMap((o) => readBy(s, o).map((c) =>
      ({ input: c, kernel: flat(weightAt(s, c, o), weight), output: o }))),
  };
  m.Y = convolve(s, m.X, m.K);
  m.axes = eachAxis(s, (a) => {
    const size = sizeOf(a), reach = reachOf(a), list = links(a, zeros);
    const drawn = { // the first and the last row of each grid; 0 is the first one of X, K or Y
      input: conv ? [-a.padding, a.input_size - 1 + a.padding]
        : zeros ? [Math.min(0, a.padding - reach + 1),
          Math.max((a.input_size - 1) * a.stride, size - 1 + a.padding)]
        : [0, a.input_size - 1],
      kernel: [0, reach - 1],
      output: conv || zeros ? [0, size - 1] : [-a.padding, size - 1 + a.padding],
    };
    return { drawn,
      ends: byName(GRIDS, (grid) => { // the links that end in a row of a grid
        const ends = {};
        for (let [r, to] = drawn[grid]; r <= to; r++)
          ends[r] = list.filter((link) => link[grid] === r);
        return ends;
      }),
      index: { // the row of X, K or Y that a row of a grid shows; a zero put in has no such row
        input: (r) => zeros ? r / a.stride : r,
        kernel: (r) => zeros ? a.kernel_size - 1 - r / a.dilation : r / a.dilation,
        output: (r) => r,
      } };
  });
  /** The indices into X, K or Y of a cell; not whole, or outside, where a zero was put in. */
  m.at = ({ grid, b, r, c }) =>
    [...m.blocks[grid][b], m.axes[0].index[grid](r), m.axes[1].index[grid](c)];
  /** How many rows and columns of a grid are drawn. */
  m.sides = (grid) => m.axes.map(({ drawn }) => drawn[grid][1] - drawn[grid][0] + 1);
  /** How many blocks of a grid stand side by side. */
  m.columns = (grid) =>
    grid === "kernel" ? weight[1] : m.blocks[grid].length > 2 ? 2 : 1;
  /** The indices that are named: a plain layer has no channels. */
  m.named = (place) => m.hasChannels ? place : place.slice(-2);
  m.symbol = (at) => indexed(LETTER[at.grid].toLowerCase(), m.named(m.at(at)));
  m.letter = (wire) => "ABCD"[groupOf(s, "in", wire.input)]; // of its group
  m.grouped = (what, wire) =>
    m.groups > 1 ? fill(WORDS.group, { what, group: m.letter(wire) }) : what;
  m.given = (at) => lookUp(m[LETTER[at.grid]], m.at(at));
  m.reason = reasons.join(" ");
  return m;
}

/** All that meets in a cell: {input, kernel, output}, places, and the product's `x` and `k`. */
function* meetings(m, { grid, b, r, c }) {
  for (const wire of m.wires)
    if (wire[grid] === b)
      for (const row of m.axes[0].ends[grid][r])
        for (const column of m.axes[1].ends[grid][c]) {
          /** @type {any} */
          const meeting = {};
          for (const name of GRIDS)
            meeting[name] = { grid: name, b: wire[name], r: row[name], c: column[name] };
          meeting.weight = [...m.blocks.kernel[wire.kernel], row.weight, column.weight];
          yield meeting;
        }
}

const factors = (m, { input, weight }) => [m.given(input) ?? 0, lookUp(m.K, weight)];

/** How many links meet in a cell of any one block. */
const countAt = (m, { grid, r, c }) =>
  m.axes[0].ends[grid][r].length * m.axes[1].ends[grid][c].length;

/** An output as far as the stamps up to `step` have made it; null where none has come. */
function stamped(m, at, step) {
  let sum = null;
  for (const meeting of meetings(m, at))
    if (stepOf(m, meeting.input) <= step)
      sum = factors(m, meeting).reduce((x, k) => x * k) + (sum ?? 0);
  return sum;
}

/** The order in which windows or stamps are played, and its end. */
const played = (m) => m.scatters ? "input" : "output";
const stepOf = (m, { b, r, c }) => flat([b, r, c], m.shapes[played(m)]);
const stepsOf = (m) => product(m.shapes[played(m)]);

// ---- Looks ----

// The side of a cell. As a length it is inherited as one, so that cells are styled anew only if it
// changes: with every number that a slider passes, styles would take most of the time.
if (!customElements.get("conv-explorer")) CSS.registerProperty?.(
  { name: "--conv-cell", syntax: "<length>", inherits: true, initialValue: "36px" });

const check = (name) => `<label data-for="${name}"><input type="checkbox" id="${name}"> ${
  WORDS[name]}</label>`;
const choice = (id, values, of) => menu(id, WORDS[id], values,
  values.map((value) => WORDS[value || "own"] ?? value), `data-for="${of}"`);
const stepper = (name) => `<div class="stepper" data-for="${name}" role="group" aria-label="${
  name}"><span>${name}</span>${range(PAIRED.includes(name) ? 2 : 1).map((axis) => {
  const label = axis ? `${name} ${WORDS.axes[axis]}` : name, id = `${name}-${axis}`;
  const end = (sign, word) => `<button data-step="${sign}1" tabindex="-1" aria-label="${
    fill(WORDS[word], { name: label })}">${sign === "-" ? "−" : "+"}</button>`;
  return `<span class="entry" data-axis="${axis}">${end("-", "less")}<input type="number" step="1"
    inputmode="numeric" id="${id}" aria-label="${label}" aria-describedby="limit-${id}">${
    end("+", "more")}<span class="spoken" id="limit-${id}"></span></span>`;
}).join("")}</div>`;
const EXPLORER_SKELETON = `<div class="board"><div><div class="stage">${GRIDS.map((name, index) =>
  `<div class="part">${index ? `<span class="sign" aria-hidden="true">=</span>` : ""}
  <div class="grid ${name}"><b>${WORDS[name]}</b><small></small><div class="blocks"></div></div>
  </div>`).join("")}</div>
  <p class="tiny" hidden>${WORDS.hidden}</p><p class="reads"></p><p class="sum"></p></div>
  <div class="matrix"><small></small><div></div></div></div>
<div class="bar controls">${buttons(WORDS, "back", "play", "forward", "all")}
  <span class="progress"></span></div>
<details class="controls change"><summary>${WORDS.change}</summary>
<div class="steppers" role="group" aria-label="${WORDS.sizes}">${
  PARAMETERS.map(stepper).join("")}</div>
<p class="limits"></p>
<div class="bar"><fieldset data-for="mode"><legend>${WORDS.mode}</legend>${MODES.map((mode) =>
    `<label><input type="radio" name="mode" value="${mode}"> ${WORDS[mode]}</label>`).join("")}
  ${buttons(WORDS, "twin")}</fieldset>
<fieldset><legend>${WORDS.looks}</legend>
  ${["input", "kernel"].map((name) =>
    choice(name, [...PRESETS[name], ""], "numbers")).join("")}
  ${choice("view", VIEWS.transposed, "view")}
  ${["letters", "matrix", "rectangles"].map(check).join("")}</fieldset>
<slot name="examples"></slot></div>
<details class="solver" data-for="solver"><summary>${WORDS.solver}</summary>${range(2).map((axis) =>
  `<div data-axis="${axis}"><label><span></span> <input type="number" min="1"
  class="wanted"></label><small></small><div class="choices" role="group"
  aria-label="${WORDS.solver}"></div></div>`).join("")}</details>
<p class="hint"></p></details>
<p class="adjusted"></p><p class="formula"></p><p class="weight"></p>
<div class="bar"><code></code>
  <span class="controls">${buttons(WORDS, "copy", "share")}</span></div>
<div class="spoken" id="spoken" role="status"></div>`;

// ---- Element ----

const ATTRIBUTES = ["mode", ...PARAMETERS.map(kebab), "input", "kernel", "view", "matrix", "letters"];
const NOTHING = byName(ATTRIBUTES, () => null);

export class ConvExplorer extends ConvElement {
  static addressed = ATTRIBUTES;
  static observedAttributes = [...ATTRIBUTES, "controls"];
  #model; // undefined: an attribute has changed since
  #drawn; // the model that is drawn
  #cells = {}; // of each grid: blocks of rows of elements, each of which knows its place, `at`
  #homes = {}; // of each grid: the cell that is a stop of the tab key
  #marks = []; // the elements that are marked
  #step = null; // how many windows or stamps have been played, less one
  #pinned; #hovered; #focused; // places
  #apart = false; // whether height and width are set apart
  #wanted = []; // the sizes that the reader looks for
  #timer; #speaking; #saving; #digits = {};
  #sizes = new ResizeObserver(() => this.#fit());

  get result() {
    const m = this.#now, plain = (value) => m.isSquare ? brief(value) : value;
    const inner = (value, axes) => m.hasChannels ? value : lookUp(value, Array(axes).fill(0));
    return structuredClone({ mode: m.mode,
      ...inCamels(m.hasChannels ? PARAMETERS : PAIRED, (name) => plain(m[name])),
      input: inner(m.X, 1), kernel: inner(m.K, 2), output: inner(m.Y, 1),
      adjusted: m.reason !== "", reason: m.reason });
  }

  get #now() { return this.#model ??= modelOf((name, normal) => this.#read(name, normal)); }

  #read(name, normal) { return this.getAttribute(name)?.trim() ?? normal; }

  #isOwn(name) { return !PRESETS[name].includes(this.#read(name, "counting")); }

  /* Whether the page shows a control. */
  #has(name) {
    const controls = this.getAttribute("controls");
    return controls === null || controls.split(/[\s,]+/).includes(name);
  }

  connectedCallback() {
    super.connectedCallback();
    addEventListener("resize", this.#fit);
    this.#sizes.observe(this);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    removeEventListener("resize", this.#fit);
    this.#sizes.disconnect();
    this.#pause();
  }

  attributeChangedCallback() {
    this.#model = undefined;
    this.#step = null;
    this.wait();
  }

  build() {
    this.furnish(EXPLORER_SKELETON, BASE, EXPLORER);
    // Open from the start where a page has introduced more than sizes.
    this.find(".change").open = PARAMETERS.slice(2).some((name) => this.#has(name));
    this.on("[name=mode]", "change", ({ value }) => this.#change({ mode: value }));
    this.on(".stepper input", "change", (node) => this.#enterSize(node));
    this.on(".stepper input", "keydown", (node, event) => {
      const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.#enterSize(node);
      this.#stepSize(node, step);
    });
    this.on(".stepper button", "click", (node) =>
      this.#stepSize(node.parentElement.querySelector("input"), Number(node.dataset.step)));
    this.on("select", "change", ({ id, value }) => this.#set({ [id]: value }));
    this.on("#letters, #matrix", "change", ({ id, checked }) =>
      this.#set({ [id]: checked ? "" : null }));
    this.on("#rectangles", "change", ({ checked }) => {
      this.#apart = checked;
      this.#drawn = undefined;
      if (checked) return this.draw();
      const { state } = this.#now; // the height is kept
      this.#change(byName(PAIRED, (name) => state[name][0]));
    });
    this.on("slot", "change", ({ value }) => this.#set({ ...NOTHING, ...JSON.parse(value) }));
    this.on(".wanted", "input", (node) => {
      this.#wanted[node.closest("[data-axis]").dataset.axis] = Number(node.value);
      this.#drawSolver();
    });
    this.on(".solver", "toggle", () => this.#drawSolver());
    this.clicks({
      choices: (node) => this.#choose(node),
      twin: () => this.#transpose(),
      back: () => this.#go(-1),
      forward: () => this.#go(1),
      play: () => this.#timer ? this.#pause() : this.#play(),
      all: () => this.#release(),
      copy: () => this.#copy(this.#program()),
      share: () => { this.writeAddress(true); this.#copy(location.href); },
    });
    const stage = (type, react) => this.on(".stage", type, (node, event) =>
      react(node.closest("td")?.at, event));
    // Not pointerover, which also reports a pointer that rests while the page moves under it.
    for (const type of ["pointermove", "pointerleave"])
      stage(type, (at, { pointerType }) => {
        if (pointerType === "touch" || at === this.#hovered) return;
        this.#hovered = at;
        this.#mark();
      });
    stage("focusin", (at) => this.#focus(at));
    stage("focusout", () => { this.#focused = undefined; this.#mark(); });
    stage("click", (at, { target }) => { if (at && target.tagName !== "INPUT") this.#tap(at); });
    stage("keydown", (at, event) => this.#key(event, at));
  }

  // -- state --

  /* Set attributes; null removes one. */
  #set(values) {
    this.#release();
    for (const name in values) this.give(kebab(name), values[name]);
    this.#saving ??= setTimeout(() => { this.#saving = undefined; this.writeAddress(); }, 300);
    this.#say(() => `${WORDS.output} ${by(this.#now.sizes)}. ${this.#now.reason}`);
  }

  /* Move to another state. Own numbers stay where they are; those that are missing are zeros. */
  #change(values) {
    const m = this.#now, s = { ...m.state, ...values };
    if (s.mode === "conv") s.output_padding = 0;
    if (!VIEWS[s.mode].includes(s.view)) s.view = "numbers";
    /** @type {Record<string, any>} */
    const given = byName(Object.keys(s), (name) => listed(s[name]));
    const { view, ...layer } = settle((name, normal) => given[name] ?? normal, () => {});
    const shapes = shapesOf(layer);
    for (const name of ["input", "kernel"])
      if (this.#isOwn(name)) given[name] =
        listed(build(shapes[name], (...at) => lookUp(m[LETTER[name]], at) ?? 0));
    for (const name of CHANNELS) // a plain layer has no need of them
      if (given[name] === "1" && !this.hasAttribute(kebab(name))) given[name] = null;
    this.#set(given);
  }

  /* Show the adjoint, which takes an output back to the size of its input. */
  #transpose() {
    const { state, sizes } = this.#now;
    const twin = { ...state, mode: state.mode === "conv" ? "transposed" : "conv",
      input_size: sizes, output_padding: 0,
      in_channels: state.out_channels, out_channels: state.in_channels };
    if (state.mode === "conv") twin.output_padding =
      eachAxis(twin, (s, axis) => outputPaddingFor(s, state.input_size[axis]));
    this.#change(twin);
  }

  /* In a direction, the next value of a control, if there is one; the last; and the rule that
  keeps it from going on. */
  #way(name, axis, step) {
    const { state } = this.#now, bound = rangeOf(state.mode, name)[step < 0 ? 0 : 1];
    const now = [state[name]].flat()[axis];
    const rule = (value) => ruleOf({ ...axisOf(state, axis), [name]: value });
    const valid = range(Math.abs(bound - now)).map((i) => now + step * (i + 1))
      .filter((value) => !rule(value));
    const end = valid.at(-1) ?? now;
    return { next: valid[0], end, rule: end === bound ? undefined : rule(end + step) };
  }

  /* Change some values, along one axis if height and width are set apart. */
  #put(names, axis, values) {
    this.#change(byName(names, (name) => {
      const old = this.#now[name], value = values[name];
      return Array.isArray(old) && this.#isApart ? old.with(axis, value) : value;
    }));
  }

  #stepSize(node, step) {
    const [name, axis] = partsOf(node), { next } = this.#way(name, axis, step);
    if (next === undefined) this.#say(() => this.#limitOf(name, axis, step));
    else this.#put([name], axis, { [name]: next });
  }

  #enterSize(node) {
    const [name, axis] = partsOf(node);
    const old = String([this.#now[name]].flat()[axis]);
    if (node.value === "") node.value = old;
    else if (node.value !== old) this.#put([name], axis, { [name]: node.value });
  }

  get #isApart() { return this.#apart || !this.#now.isSquare; }

  /* In words, how far a value can go in a direction. */
  #limitOf(name, axis, step) {
    const { end, rule } = this.#way(name, axis, step), limits = bound(name, end, step);
    return fill(WORDS[rule ? "limit" : "bound"], { limits, rule });
  }

  // -- drawing --

  draw() {
    const m = this.#now;
    if (this.#drawn === m) return;
    this.find(".change").hidden = this.getAttribute("controls")?.trim() === "";
    for (const node of this.all("[data-for]")) node.hidden = !this.#has(node.dataset.for);
    this.find(`[value=${m.mode}]`).checked = true;
    this.#drawSteppers();
    for (const name of ["input", "kernel"])
      this.find("#" + name).value = !this.#isOwn(name) ? this.#read(name, "counting")
        : m.reason.includes(name + "=") ? "counting" : "";
    this.find("#view").value = m.view;
    this.find("[value=zeros]").disabled = m.mode === "conv";
    for (const name of ["matrix", "letters"])
      this.find("#" + name).checked = this.hasAttribute(name);
    this.find("#rectangles").checked = this.#isApart;
    this.text(".sign", m.scatters ? "⋆ᵀ" : "⋆");
    this.find(".share").hidden = FRAMED;
    this.text(".adjusted", m.reason);
    this.text(".weight", this.#weight());
    this.text(".hint", WORDS.hint + (m.hasChannels ? ` ${WORDS.hint_channels}` : ""));
    this.find(".formula").innerHTML = this.#formula().map((line) =>
      `<div>${line.split(" = ").map((part) => `<span>${part}</span>`).join(" = ")}</div>`).join("");
    this.text("code", callOf(m.state));
    this.#drawMatrix();
    this.#drawGrids();
    this.#drawSolver();
    this.#drawn = m;
    this.#mark();
  }

  #drawSteppers() {
    const m = this.#now, bites = {};
    for (const node of this.all("[data-axis='1']")) node.hidden = !this.#isApart;
    for (const node of this.all(".stepper input")) {
      const [name, axis] = partsOf(node), hints = [];
      if (node.closest("[hidden]")) continue;
      const entry = node.parentElement;
      const ends = [-1, 1].map((step, index) => {
        const { next, end, rule } = this.#way(name, axis, step), isEnd = next === undefined;
        entry.querySelectorAll("button")[index].ariaDisabled = isEnd;
        if (isEnd && rule) {
          hints.push(this.#limitOf(name, axis, step));
          if (rule !== WORDS.divide) (bites[rule] ??= []).push(bound(name, end, step));
        }
        return end;
      });
      Object.assign(node, { min: ends[0], max: ends[1], value: [m[name]].flat()[axis] });
      node.ariaLabel = this.#isApart && PAIRED.includes(name) ? `${name} ${WORDS.axes[axis]}` : name;
      entry.querySelector(".spoken").textContent = hints.join(" ");
    }
    this.text(".limits", Object.entries(bites).map(([rule, limits]) =>
      fill(WORDS.limit, { limits: [...new Set(limits)].join(", "), rule })).join(" "));
  }

  #drawSolver() {
    const m = this.#now;
    if (!this.find(".solver").open) return;
    for (const box of this.all(".solver > [data-axis]:not([hidden])")) {
      const axis = Number(box.dataset.axis), input = box.querySelector("input");
      const of = axisOf(m.state, axis), wanted = this.#wanted[axis] ?? m.sizes[axis];
      const choices = solve(of, wanted), list = box.querySelector(".choices");
      box.querySelector("span").textContent = fill(WORDS.wanted,
        { axis: this.#isApart ? WORDS.axes[axis] : WORDS.size });
      if (Number(input.value) !== wanted) input.value = wanted;
      box.querySelector("small").textContent =
        choices.length ? fill(WORDS.choices, { count: choices.length }) : WORDS.no_choice;
      const held = this.root.activeElement?.textContent;
      list.innerHTML = choices.map((choice) => {
        const used = SOLVED.filter((name) => name === "kernel_size" || !isUsual(choice, name));
        return `<button value='${JSON.stringify(choice)}' aria-pressed="${
          SOLVED.every((name) => choice[name] === of[name])}">${
          used.map((name) => `${name} ${choice[name]}`).join(", ")}</button>`;
      }).join("");
      for (const node of list.children) if (node.textContent === held) node.focus();
    }
  }

  #choose(node) {
    if (node.value)
      this.#put(SOLVED, node.closest("[data-axis]").dataset.axis, JSON.parse(node.value));
  }

  #drawGrids() {
    const m = this.#now;
    const notes = { // of a grid that has more cells than X, K or Y; and another
      input: [m.zeros ? "inserted" : "padded", m.counted === "input" && "windows"],
      kernel: ["dilated", m.zeros && "flipped"],
      output: ["cropped_from", m.counted === "output" && "stamps"],
    };
    for (const grid of GRIDS) {
      const span = by(m.shapes[grid].slice(-2)), size = by(m.sides(grid));
      const [filled, more] = notes[grid];
      this.text(`.${grid} small`, [span, size !== span && fill(WORDS[filled], { size }),
        WORDS[more]].filter(Boolean).join(", "));
      this.#resize(grid, m.sides(grid));
      this.#digits[grid] = this.#drawNumbers(grid);
    }
    this.#fit();
  }

  /* Give a grid its blocks, and each so many rows and columns. */
  #resize(grid, [height, width]) {
    const m = this.#now, blocks = m.blocks[grid], box = this.find(`.${grid} .blocks`);
    const [top, left] = m.axes.map(({ drawn }) => drawn[grid][0]);
    // Others stay: one may be under a pointer that is pressed.
    while (box.children.length > blocks.length) box.lastChild.remove();
    while (box.children.length < blocks.length)
      box.insertAdjacentHTML("beforeend", `<div><small></small><table role="grid"></table></div>`);
    box.style.setProperty("--columns", m.columns(grid));
    this.#cells[grid] = blocks.map((indices, b) => {
      const [label, table] = box.children[b].children;
      const wire = m.wires.find((wire) => wire[grid] === b);
      const name = `${LETTER[grid]}[${indices}]`;
      label.hidden = !m.hasChannels;
      label.textContent = m.groups > 1 ? `${name} ${m.letter(wire)}` : name;
      box.children[b].className =
        m.groups > 1 ? `block group-${groupOf(m, "in", wire.input)}` : "block";
      table.ariaLabel = m.hasChannels ? m.grouped(name, wire) : WORDS[grid];
      if (table.rows.length !== height || table.rows[0].cells.length !== width)
        table.innerHTML = `<tr role="row">${`<td role="gridcell">`.repeat(width)}`.repeat(height);
      return Array.from(table.rows, (row, i) => Array.from(row.cells, (cell, j) => {
        cell.at = { grid, b, r: i + top, c: j + left };
        cell.tabIndex = -1;
        return cell;
      }));
    });
    const home = this.#homes[grid], first = { grid, b: 0, r: top, c: left };
    this.#setHome(home && this.#cellAt(home) ? home : first);
  }

  /* One cell of each grid is a stop of the tab key. */
  #setHome(at) {
    const old = this.#homes[at.grid];
    if (old && this.#cellAt(old)) this.#cellAt(old).tabIndex = -1;
    this.#homes[at.grid] = at;
    this.#cellAt(at).tabIndex = 0;
  }

  /* Fill the cells of a grid; return how many digits the longest number has. */
  #drawNumbers(grid) {
    const m = this.#now, cells = this.#cells[grid].flat(2), isOutput = grid === "output";
    const most = Math.max(...cells.map(({ at }) => countAt(m, at)));
    const letters = this.hasAttribute("letters");
    let digits = 1;
    for (const cell of cells) {
      const at = cell.at, count = countAt(m, at), given = m.given(at);
      const isPut = isOutput ? !count : given === undefined;
      const isUnused = isOutput ? given === undefined : grid === "input" && !count;
      const value = m.counted === grid ? count : isOutput ? this.#sumAt(at, given) : given ?? 0;
      const text = value === null ? "" : letters && m.counted !== grid && given !== undefined
        ? m.symbol(at) : letters && isUnused && isOutput ? "" : write(value, 2);
      const look = (isPut ? "zero " : "") + (isUnused ? "unused" : "");
      const tint = m.counted === grid ? `${4 + 30 * count / most}%` : "";
      if (cell.textContent !== text) cell.textContent = text;
      if (cell.className !== look) cell.className = look;
      if (cell.style.getPropertyValue("--tint") !== tint) cell.style.setProperty("--tint", tint);
      const what = isUnused ? (isOutput ? WORDS.cropped : WORDS.unused) : isPut ? WORDS.put : "";
      cell.ariaLabel = what ? `${text} ${what}` : null;
      digits = Math.max(digits, letters ? 0.75 * text.length : text.length);
    }
    return digits;
  }

  /* An output's number, as far as it has been played. */
  #sumAt(at, given) {
    const m = this.#now, step = this.#step ?? Infinity, isPlaying = step < Infinity;
    return m.scatters && (isPlaying || given === undefined || m.counted)
      ? stamped(m, at, step) ?? (isPlaying ? null : 0) : stepOf(m, at) <= step ? given : null;
  }

  /* The largest cells with which all grids are in sight together. */
  #fit = () => {
    const m = this.#now, stage = this.find(".stage"), width = stage.clientWidth || 600;
    // The height of a notebook's frame follows its content.
    const height = Math.max(0.55 * (FRAMED ? screen.availHeight : innerHeight), 240);
    const parts = GRIDS.map((grid) => {
      const columns = m.columns(grid), lines = Math.ceil(m.blocks[grid].length / columns);
      const [rows, cells] = m.sides(grid);
      const label = m.hasChannels ? (m.groups > 1 ? 58 : 42) : 0;
      return { wide: (cell) => columns * (Math.max(cells * cell, label) + 12) +
          (grid === "input" ? 0 : 30),
        high: (cell) => lines * (rows * cell + (label ? 30 : 8)) + 46 };
    });
    const fits = (cell) => Math.max(...parts.map(({ wide }) => wide(cell))) <= width;
    const total = (cell) => {
      let line = 0, tall = 0, sum = 0;
      for (const { wide, high } of parts) {
        const isNew = line && line + wide(cell) > width;
        sum += isNew ? tall : 0;
        line = (isNew ? 0 : line) + wide(cell) + 12;
        tall = Math.max(isNew ? 0 : tall, high(cell));
      }
      return sum + tall;
    };
    const fontOf = (cell, grid) => {
      const font = Math.min(13, 0.6 * cell, (cell - 3) / (0.6 * this.#digits[grid]));
      return font < 8 ? 0 : font;
    };
    const most = Math.max(...GRIDS.map((grid) => this.#digits[grid]));
    let cell = Math.min(64, Math.max(36, Math.ceil(7.8 * most + 12)));
    while (cell > 5 && !fits(cell)) cell--;
    const isLegible = (cell) => GRIDS.every((grid) => fontOf(cell, grid));
    const wasLegible = isLegible(cell);
    while (cell > 5 && total(cell) > height && (!wasLegible || isLegible(cell - 1))) cell--;
    stage.style.setProperty("--conv-cell", `${cell}px`);
    for (const grid of GRIDS)
      this.find("." + grid).style.setProperty("--conv-font", `${fontOf(cell, grid)}px`);
    stage.classList.toggle("small", cell < 30);
    this.find(".tiny").hidden = isLegible(cell);
  };

  #drawMatrix() {
    const m = this.#now, box = this.find(".matrix");
    const [rows, columns] = [m.shapes.output, m.shapes.input].map(product);
    box.hidden = !this.hasAttribute("matrix");
    if (box.hidden) return;
    const name = m.mode === "conv" ? "W" : "Wᵀ";
    const axes = eachAxis(m.state, (s) => links(s).filter(({ input, output }) =>
      input in range(s.input_size) && output in range(sizeOf(s))));
    box.firstChild.textContent = fill(WORDS.too_many, { name });
    box.lastChild.innerHTML = "";
    if (m.wires.length * axes[0].length * axes[1].length > MOST_ENTRIES) return;
    for (const wire of m.wires)
      for (const r of axes[0])
        for (const c of axes[1])
          m.entries.push({ group: groupOf(m, "in", wire.input),
            output: flat([wire.output, r.output, c.output], m.shapes.output),
            input: flat([wire.input, r.input, c.input], m.shapes.input),
            at: [...m.blocks.kernel[wire.kernel], r.weight, c.weight] });
    const letters = this.hasAttribute("letters"), most = letters ? 28 : 24;
    const unit = Math.max(2, Math.min(most, 640 / columns, 400 / rows));
    const texts = unit < 18 ? [] : m.entries.map(({ output, input, at }) =>
      `<text x="${input + 0.5}" y="${output + 0.5}">${letters
        ? indexed("k", m.named(at)) : write(lookUp(m.K, at), 2)}</text>`);
    const title = fill(WORDS.rows, { name, rows, columns });
    const paths = range(m.groups).map((group) => `<path class="${
      m.groups > 1 ? `group-${group}` : "kernel"}" d="${
      outlines(m.entries.filter((entry) => entry.group === group))}"/>`);
    box.firstChild.textContent = title;
    box.lastChild.innerHTML = `<svg role="img" aria-label="${title}"
      viewBox="0 0 ${columns} ${rows}" width="${columns * unit}" height="${rows * unit}">
      ${paths.join("")}<path class="strip"/><path class="marks"/>${texts.join("")}</svg>`;
  }

  // -- marks --

  #cellAt({ grid, b, r, c }) {
    const [top, left] = this.#now.axes.map(({ drawn }) => drawn[grid][0]);
    return this.#cells[grid][b]?.[r - top]?.[c - left];
  }

  /* What is looked at: the cell of the step, pinned, pointed at, focused, or in the middle. */
  get #looked() {
    const m = this.#now, grid = played(m), [, rows, columns] = m.shapes[grid];
    if (this.#step !== null) {
      const line = Math.floor(this.#step / columns);
      return { grid, b: Math.floor(line / rows), r: line % rows, c: this.#step % columns };
    }
    return [this.#pinned, this.#hovered, this.#focused].find((at) => at && this.#cellAt(at)) ??
      { grid, b: 0, r: rows >> 1, c: columns >> 1 };
  }

  #mark() {
    if (this.#drawn !== this.#now) return; // a drawing takes the cell with the focus away
    const m = this.#now, at = this.#looked, own = this.#cellAt(at);
    const letters = this.hasAttribute("letters");
    for (const node of this.#marks) {
      node.classList.remove("lit", "marked", "read");
      node.ariaSelected = null;
      delete node.dataset.plus;
    }
    this.#marks = [own];
    for (const meeting of meetings(m, at))
      for (const grid of GRIDS) {
        const cell = this.#cellAt(meeting[grid]);
        if (!cell || cell === own) continue;
        cell.classList.add("lit");
        this.#marks.push(cell);
        if (m.scatters && at.grid === "input" && grid === "output" && !m.counted && !letters) {
          const [x, k] = factors(m, meeting);
          cell.dataset.plus = (x * k < 0 ? "" : "+") + write(x * k, 2);
        }
      }
    if (m.hasChannels)
      for (const wire of m.wires)
        if (wire[at.grid] === at.b)
          for (const grid of GRIDS) {
            const block = this.find(`.${grid} .blocks`).children[wire[grid]];
            block.classList.add("read");
            this.#marks.push(block);
          }
    own.classList.add("marked");
    if (this.#pinned) own.ariaSelected = true;
    this.find(".sum").innerHTML = this.#sentence(at);
    this.text(".reads", m.hasChannels ? this.#reads(at) : "");
    for (const name of ["back", "all"])
      this.find("." + name).ariaDisabled = this.#step === null;
    this.text(".progress", this.#step === null ? "" : `${this.#step + 1} / ${stepsOf(m)}`);
    this.#markMatrix(at);
  }

  /* Which channels belong to a cell's, in words. */
  #reads({ grid, b }) {
    const m = this.#now, wires = m.wires.filter((wire) => wire[grid] === b);
    const names = (side) => [...new Set(wires.map((wire) => `${LETTER[side]}[${wire[side]}]`))]
      .join(", ");
    const what = fill(WORDS.reads, { output: names("output"), inputs: names("input") });
    return `${m.grouped(what, wires[0])}.`;
  }

  #markMatrix(at) {
    const m = this.#now, { grid } = at, place = m.at(at);
    if (!m.entries.length) return;
    const [rows, columns] = [m.shapes.output, m.shapes.input].map(product);
    const index = m.given(at) === undefined ? NaN : flat(place, m.shapes[grid]);
    this.find(".strip").setAttribute("d", isNaN(index) || grid === "kernel" ? ""
      : grid === "output" ? `M0 ${index}h${columns}v1H0z` : `M${index} 0h1v${rows}h-1z`);
    this.find(".marks").setAttribute("d", outlines(m.entries.filter((entry) =>
      grid === "kernel" ? String(entry.at) === String(place) : entry[grid] === index)));
  }

  /* What happens in a cell, as text and colored numbers. */
  #sentence(at) {
    const m = this.#now, all = [...meetings(m, at)], letters = this.hasAttribute("letters");
    const isOutput = at.grid === "output", given = m.given(at);
    const name = (at) => m.given(at) === undefined
      ? (at.grid === "output" ? WORDS.cropped : WORDS.put)
      : letters ? m.symbol(at)
      : `${LETTER[at.grid]}[${m.named(m.at(at)).join(", ")}]`;
    const terms = all.slice(0, isOutput ? 64 : 16).map((meeting) => {
      const [x, k] = factors(m, meeting), { input, weight, output } = meeting;
      const [first, second] = letters
        ? [m.given(input) === undefined ? "0" : m.symbol(input), indexed("k", m.named(weight))]
        : [write(x), bracketed(k)];
      return `${colored("input", first)}·${colored("kernel", second)}` +
        (isOutput ? "" : ` → ${name(output)}`);
    });
    if (all.length > terms.length) terms.push("…");
    const sum = colored("output", write(given ?? stamped(m, at, Infinity) ?? 0));
    return isOutput ? [name(at), ...terms.length ? [terms.join(" + ")] : letters ? ["0"] : [],
      ...letters ? [] : [sum]].join(" = ")
      : `${name(at)}${letters ? "" : ` = ${write(given ?? 0)}`}: ${terms.join(", ")}`;
  }

  // -- what the reader does --

  #isEditable(at) {
    return at.grid !== "output" && at.grid !== this.#now.counted && !this.hasAttribute("letters") &&
      this.#now.given(at) !== undefined;
  }

  #focus(at) {
    this.#focused = at;
    this.#hovered = undefined; // the pointer may rest while the keyboard moves on
    if (at) {
      this.#setHome(at);
      this.#say(() => this.#spokenOf());
    }
    this.#mark();
  }

  #spokenOf() {
    return `${this.find(".sum").textContent} ${this.find(".reads").textContent}`.trim();
  }

  #tap(at) {
    const same = this.#pinned && this.#cellAt(this.#pinned) === this.#cellAt(at);
    if (same && this.#isEditable(at)) return this.#edit(at);
    this.#release();
    if (!same) this.#pinned = at;
    this.#cellAt(at).focus();
    this.#mark();
  }

  #key(event, at) {
    const { key, target } = event;
    if (!at || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.tagName === "INPUT") {
      if (key === "Escape") target.value = target.defaultValue;
      if (key === "Escape" || key === "Enter") target.parentElement.focus();
      return;
    }
    const m = this.#now, { r, c, b } = at, [first, last] = m.axes[1].drawn[at.grid];
    const to = { ArrowUp: { r: r - 1 }, ArrowDown: { r: r + 1 }, ArrowLeft: { c: c - 1 },
      ArrowRight: { c: c + 1 }, Home: { c: first }, End: { c: last },
      ...m.hasChannels && { PageUp: { b: b - 1 }, PageDown: { b: b + 1 } } }[key];
    if (to) this.#cellAt({ ...at, ...to })?.focus();
    else if (key === "Escape") this.#release();
    else if (/^([-0-9.]|Enter)$/.test(key) && this.#isEditable(at)) this.#edit(at, key);
    else if (key === "Enter" || key === " ") this.#tap(at);
    else return;
    event.preventDefault();
  }

  #edit(at, key = "") {
    const cell = this.#cellAt(at), place = this.#now.at(at).slice(-2).join(", ");
    cell.innerHTML = `<input inputmode="decimal" value="${
      this.#now.given(at)}" aria-label="${LETTER[at.grid]}[${place}]">`;
    const box = cell.firstChild;
    box.addEventListener("blur", () => this.#enter(at, box.value, box.defaultValue));
    box.focus();
    if (key.length === 1) box.value = key;
    else box.select();
  }

  #enter(at, value, old) {
    const m = this.#now, text = typed(value).replace(",", ".");
    if (this.#drawn !== m) return; // the same
    const name = LETTER[at.grid], place = m.at(at), pinned = this.#pinned;
    if (isFine(text) && text !== old) {
      const values = structuredClone(m[name]);
      lookUp(values, place.slice(0, -1))[place.at(-1)] = Number(text);
      this.#set({ [at.grid]: values.flat(Infinity).join(" ") });
    } else this.#drawNumbers(at.grid);
    if (!isFine(text)) {
      const refused = fill(WORDS.wrong, { name, given: short(text), used: old,
        rule: fill(WORDS.list_of_one, { most: LARGEST_NUMBER }) });
      this.#tell(refused);
    }
    this.#pinned = pinned;
    this.#mark();
  }

  /* Let go of the pin and of the step. */
  #release() {
    this.#pause();
    this.#pinned = undefined;
    this.#moveTo(null);
  }

  #moveTo(step) {
    const isNew = this.#step !== step;
    this.#step = step >= 0 && step < stepsOf(this.#now) ? step : null;
    if (isNew) this.#drawNumbers("output");
    this.#mark();
  }

  #go(by) {
    this.#pause();
    if (this.#step === null && by < 0) return;
    this.#moveTo(this.#step === null ? 0 : this.#step + by);
    this.#say(() => this.#spokenOf());
  }

  #play() {
    this.#timer = setInterval(() => {
      this.#moveTo(this.#step === null ? 0 : this.#step + 1);
      if (this.#step === null) this.#pause();
    }, 800);
    this.text(".play", WORDS.pause);
  }

  #pause() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.text(".play", WORDS.play);
  }

  /* Tell a screen reader, once things have settled. */
  #say(words) {
    clearTimeout(this.#speaking);
    this.#speaking = setTimeout(() => { this.text("#spoken", words()); }, 500);
  }

  /* Show a text, and say it. */
  #tell(text) {
    this.text(".adjusted", text);
    this.#say(() => text);
  }

  // -- in words --

  /* With the terms that the page has introduced, and those that matter. */
  #formula() {
    const m = this.#now;
    return (m.isSquare ? [0] : [0, 1]).map((axis) => {
      const a = axisOf(m.state, axis), has = (name) => this.#has(name) || !isUsual(a, name);
      const rest = m.mode === "conv" && (a.input_size + 2 * a.padding - reachOf(a)) % a.stride;
      const what = { axis: m.isSquare ? WORDS.size : WORDS.axes[axis] };
      return [fill(WORDS.output_size, what),
        formula(m.mode, has, "output_padding"),
        formulaInNumbers(a, has), m.sizes[axis]].join(" = ") +
        (rest ? fill(WORDS.rest, { n: rest }) : "");
    });
  }

  #weight() {
    const m = this.#now;
    if (!m.hasChannels && !this.getAttribute("controls")?.includes("in_channels")) return "";
    const names = weightAxes(m).join(", ") +
      (m.groups > 1 || this.#has("groups") ? " / groups" : "");
    return fill(WORDS.weight,
      { shape: `(${m.shapes.kernel.join(", ")})`, names, count: product(m.shapes.kernel) });
  }

  #program() {
    const { X, K } = this.#now;
    const tensor = (name, value) =>
      `${name} = torch.tensor(${JSON.stringify(value)}).double()\n`;
    return "import torch, torch.nn.functional as F\n" + tensor("X", [X]) + tensor("K", K) +
      callOf(this.#now.state);
  }

  async #copy(text) {
    const isCopied = await copy(text);
    if (!isCopied) { // the reader can
      this.text("code", text);
      getSelection()?.selectAllChildren(this.find("code"));
    }
    this.#tell(isCopied ? WORDS.copied : WORDS.select);
  }

  // -- the address: #NAME?mode=conv&stride=2 --

  /* Several on a page are told apart by their ids, or by their order. */
  get #name() {
    const all = [...document.querySelectorAll("conv-explorer")];
    return this.id || `conv-explorer-${all.indexOf(this) + 1}`;
  }

  address() {
    return `#${this.#name}?${new URLSearchParams(ATTRIBUTES.filter((name) =>
      this.hasAttribute(name)).map((name) => [name, this.getAttribute(name)]))}`;
  }

  stateIn(hash) { return hash.split(`#${this.#name}?`)[1]; }
}

const bound = (name, value, step) => fill(WORDS[step < 0 ? "at_least" : "at_most"], { name, value });

/* The name and the axis that a stepper's input is for. */
const partsOf = (node) => [node.id.slice(0, -2), Number(node.id.slice(-1))];

/* The outlines of matrix entries, as one path. */
const outlines = (entries) =>
  entries.map(({ output, input }) => `M${input} ${output}h1v1h-1z`).join("");

const colored = (role, text) => `<b class="${role}">${text}</b>`;
