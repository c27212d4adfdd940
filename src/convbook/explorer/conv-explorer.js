/* <conv-explorer>: a convolution or its transpose, cell by cell. Its attributes hold all of its
state, and what the reader does sets them; `result` says what is shown. element.py says what the
attributes mean, and explorer.json has all of the words. */

import { CHANNELS, LARGEST_NUMBER, MODES, PAIRED, PRESETS, RANGES, VIEWS, WORDS, axisOf, brief,
  build, camel, convolve, fill, groupOf, isFine, limit, links, listed, lookUp, numbers,
  outputPaddingFor, range, reachOf, readBy, settle, sizesOf, solve, SOLVED, weightAt, weightShape,
} from "./arithmetic.js";

const NAMES = [...PAIRED, ...CHANNELS];
const LETTER = { input: "X", kernel: "K", output: "Y" };
const GRIDS = Object.keys(LETTER);
const MOST_ENTRIES = 20000; // of a matrix that is drawn

const kebab = (name) => name.replace("_", "-");
const short = (given) => [...String(given)].slice(0, 20).join("");
const by = ([rows, columns]) => `${rows} × ${columns}`;
const write = (value, digits = 4) => String(+value.toFixed(digits)).replace("-", "−");
const product = (values) => values.reduce((x, y) => x * y, 1);
/** x₀₁; of more than ten rows x₀,₁₂ */
const indexed = (letter, at) => letter + at.join(at.some((i) => i > 9) ? "," : "")
  .replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);

// ---- What is drawn ----

/** Everything that is drawn. `read(name, normal)` gives the text of an attribute. A place is
 * {grid, b, r, c}: the block b is one matrix of a grid, and (0, 0) is the first cell of X, K or Y.
 * @param {(name: string, normal: string) => string} read @returns {any} */
function modelOf(read) {
  const reasons = [];
  const say = (kind, name, given, rule, used) =>
    reasons.push(fill(WORDS[kind], { name, given: short(given), rule, used }));
  const s = settle((name, normal) => read(kebab(name), normal), say);
  const conv = s.mode === "conv", zeros = s.view === "zeros", weight = weightShape(s);
  /** @type {any} */
  const m = {
    ...s, state: s, zeros, scatters: !conv && !zeros, sizes: sizesOf(s), weight,
    isSquare: PAIRED.every((name) => s[name][0] === s[name][1]),
    hasChannels: s.in_channels > 1 || s.out_channels > 1,
    X: numbers("input", read("input", "counting"), [s.in_channels, ...s.input_size], say),
    K: numbers("kernel", read("kernel", "counting"), weight, say),
    entries: [], // of the matrix, if it is drawn
    outputs: s.out_channels * product(sizesOf(s)), inputs: s.in_channels * product(s.input_size),
    spans: { input: s.input_size, kernel: s.kernel_size, output: sizesOf(s) },
    counted: s.view !== "counts" ? "" : conv ? "input" : "output",
    blocks: { input: range(s.in_channels).map((c) => [c]),
      kernel: range(weight[0] * weight[1]).map((b) => [Math.floor(b / weight[1]), b % weight[1]]),
      output: range(s.out_channels).map((o) => [o]) },
    // Which blocks meet.
    wires: range(s.out_channels).flatMap((o) => readBy(s, o).map((c) => {
      const [first, second] = weightAt(s, c, o);
      return { input: c, kernel: first * weight[1] + second, output: o };
    })),
  };
  m.Y = convolve(s, m.X, m.K);
  m.axes = [0, 1].map((axis) => {
    const a = axisOf(s, axis), size = m.sizes[axis], reach = reachOf(a), list = links(a, zeros);
    const drawn = { // the first and the last row of each grid; 0 is the first one of X, K or Y
      input: conv ? [-a.padding, a.input_size - 1 + a.padding]
        : zeros ? [Math.min(0, a.padding - reach + 1),
          Math.max((a.input_size - 1) * a.stride, size - 1 + a.padding)]
        : [0, a.input_size - 1],
      kernel: [0, reach - 1],
      output: conv || zeros ? [0, size - 1] : [-a.padding, size - 1 + a.padding],
    };
    return { drawn,
      ends: Object.fromEntries(GRIDS.map((grid) => { // the links that end in a row of a grid
        const ends = {};
        for (let [r, to] = drawn[grid]; r <= to; r++)
          ends[r] = list.filter((link) => link[grid] === r);
        return [grid, ends];
      })),
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
  /** The indices that are named: a plain layer has no channels. */
  m.named = (place) => m.hasChannels ? place : place.slice(-2);
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
const playedSize = (m) => m.spans[m.scatters ? "input" : "output"];
const stepOf = (m, { b, r, c }) => (b * playedSize(m)[0] + r) * playedSize(m)[1] + c;
const stepsOf = (m) => product(playedSize(m)) * m.blocks[m.scatters ? "input" : "output"].length;

// ---- Looks ----

// The side of a cell. As a length it is inherited as one, so that cells are styled anew only if it
// changes: with every number that a slider passes, styles would take most of the time.
CSS.registerProperty?.(
  { name: "--conv-cell", syntax: "<length>", inherits: true, initialValue: "36px" });

const button = (name) => `<button class="${name}">${WORDS[name]}</button>`;
const check = (name) => `<label data-for="${name}"><input type="checkbox" id="${name}"> ${
  WORDS[name]}</label>`;
const menu = (name, values, label, of) => `<label data-for="${of}">${label} <select id="${name}">${
  values.map((value) => `<option value="${value}">${WORDS[value] ?? value}</option>`).join("")
}</select></label>`;
const stepper = (name) => `<div class="stepper" data-for="${name}" role="group"
  aria-label="${name}"><span>${name}</span>${range(PAIRED.includes(name) ? 2 : 1).map((axis) => {
  const label = axis ? `${name} ${WORDS.axes[axis]}` : name, id = `${name}-${axis}`;
  const end = (sign, word) => `<button data-step="${sign}1" tabindex="-1" aria-label="${
    fill(WORDS[word], { name: label })}">${sign === "-" ? "−" : "+"}</button>`;
  return `<span class="entry" data-axis="${axis}">${end("-", "less")}<input type="number" step="1"
    inputmode="numeric" id="${id}" aria-label="${label}" aria-describedby="limit-${id}">${
    end("+", "more")}<span class="spoken" id="limit-${id}"></span></span>`;
}).join("")}</div>`;
const SKELETON = `<div class="board"><div><div class="stage">${GRIDS.map((name, index) =>
  `<div class="part">${index ? `<span class="sign" aria-hidden="true">=</span>` : ""}
  <div class="grid ${name}"><b>${WORDS[name]}</b><small></small><div class="blocks"></div></div>
  </div>`).join("")}</div>
  <p class="tiny" hidden>${WORDS.hidden}</p><p class="reads"></p><p class="sum"></p></div>
  <div class="matrix"><small></small><div></div></div></div>
<div class="bar controls">${["back", "play", "forward", "all"].map(button).join("")}
  <span class="progress"></span></div>
<details class="controls change"><summary>${WORDS.change}</summary>
<div class="steppers" role="group" aria-label="${WORDS.sizes}">${NAMES.map(stepper).join("")}</div>
<p class="limits"></p>
<div class="bar"><fieldset data-for="mode"><legend>${WORDS.mode}</legend>${MODES.map((mode) =>
    `<label><input type="radio" name="mode" value="${mode}"> ${WORDS[mode]}</label>`).join("")}
  ${button("twin")}</fieldset>
<fieldset><legend>${WORDS.looks}</legend>
  ${["input", "kernel"].map((name) => menu(name, [...Object.keys(PRESETS[name]), ""],
    WORDS[name], "numbers")).join("")}
  ${menu("view", VIEWS.transposed, WORDS.view, "view")}
  ${["letters", "matrix", "rectangles"].map(check).join("")}</fieldset>
<slot name="examples"></slot></div>
<details class="solver" data-for="solver"><summary>${WORDS.solver}</summary>${range(2).map((axis) =>
  `<div data-axis="${axis}"><label><span></span> <input type="number" min="1" class="wanted"></label>
  <small></small><div class="choices" role="group" aria-label="${WORDS.solver}"></div></div>`).join("")}</details>
<p class="hint"></p></details>
<p class="adjusted"></p><p class="formula"></p><p class="weight"></p>
<div class="bar"><code></code>
  <span class="controls">${button("copy")} ${button("share")}</span></div>
<div class="spoken" id="spoken" role="status"></div>`;

// ---- Element ----

const ATTRIBUTES = ["mode", ...NAMES.map(kebab), "input", "kernel", "view", "matrix", "letters"];
const NOTHING = Object.fromEntries(ATTRIBUTES.map((name) => [name, null]));
const FRAMED = top !== self; // the address of a frame is of no use
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

class ConvExplorer extends HTMLElement {
  static observedAttributes = [...ATTRIBUTES, "controls"];
  /** @type {any} */
  #root;
  #model; // undefined: an attribute has changed since
  #waiting = false; // for a drawing
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
      ...Object.fromEntries(PAIRED.map((name) => [camel(name), plain(m[name])])),
      ...Object.fromEntries(CHANNELS.filter(() => m.hasChannels)
        .map((name) => [camel(name), m[name]])),
      input: inner(m.X, 1), kernel: inner(m.K, 2), output: inner(m.Y, 1),
      adjusted: m.reason !== "", reason: m.reason });
  }

  get #now() { return this.#model ??= modelOf((name, normal) => this.#read(name, normal)); }

  #read(name, normal) { return this.getAttribute(name)?.trim() ?? normal; }

  #isOwn(name) { return !Object.hasOwn(PRESETS[name], this.#read(name, "counting")); }

  /* Whether the page shows a control. */
  #has(name) {
    const controls = this.getAttribute("controls");
    return controls === null || controls.split(/[\s,]+/).includes(name);
  }

  connectedCallback() {
    if (!this.#root) this.#build();
    addEventListener("hashchange", this.#readAddress);
    addEventListener("resize", this.#resized);
    this.#sizes.observe(this);
    this.#readAddress();
    this.#wait();
  }

  disconnectedCallback() {
    removeEventListener("hashchange", this.#readAddress);
    removeEventListener("resize", this.#resized);
    this.#sizes.disconnect();
    this.#pause();
  }

  attributeChangedCallback() {
    this.#model = undefined;
    this.#step = null;
    this.#wait();
  }

  /* Draw once, however many attributes change. */
  #wait() {
    if (this.#waiting || !this.#root) return;
    this.#waiting = true;
    queueMicrotask(() => { this.#waiting = false; this.#draw(); });
  }

  /** @returns {any} */
  #find(selector) { return this.#root.querySelector(selector); }

  /** @returns {any[]} */
  #all(selector) { return [...this.#root.querySelectorAll(selector)]; }

  #build() {
    const root = this.#root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [SHEET];
    root.innerHTML = SKELETON;
    for (const name of ["input", "kernel"]) {
      const own = this.#find(`#${name}`).lastElementChild;
      own.textContent = WORDS.own;
      own.hidden = true;
    }
    // Open from the start where a page has introduced more than sizes.
    this.#find(".change").open = NAMES.slice(2).some((name) => this.#has(name));
    const on = (selector, type, react) => this.#all(selector).forEach((node) =>
      node.addEventListener(type, (event) => react(event.target, event)));
    on("[name=mode]", "change", ({ value }) => this.#change({ mode: value }));
    on(".stepper input", "change", (node) => this.#enterSize(node));
    on(".stepper input", "keydown", (node, event) => {
      const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.#enterSize(node);
      this.#stepSize(node, step);
    });
    on(".stepper button", "click", (node) =>
      this.#stepSize(node.parentElement.querySelector("input"), Number(node.dataset.step)));
    on("select", "change", ({ id, value }) => this.#set({ [id]: value }));
    for (const name of ["matrix", "letters"])
      on("#" + name, "change", ({ checked }) => this.#set({ [name]: checked ? "" : null }));
    on("#rectangles", "change", ({ checked }) => {
      this.#apart = checked;
      if (checked) return this.#draw();
      const { state } = this.#now; // the height is kept
      this.#change(Object.fromEntries(PAIRED.map((name) => [name, state[name][0]])));
    });
    on("slot", "change", ({ value }) => this.#set({ ...NOTHING, ...JSON.parse(value) }));
    on(".wanted", "input", (node) => {
      this.#wanted[node.closest("[data-axis]").dataset.axis] = Number(node.value);
      this.#drawSolver();
    });
    on(".solver", "toggle", () => this.#drawSolver());
    const clicks = {
      choices: (node) => this.#choose(node),
      twin: () => this.#transpose(),
      back: () => this.#go(-1),
      forward: () => this.#go(1),
      play: () => this.#timer ? this.#pause() : this.#play(),
      all: () => this.#release(),
      copy: () => this.#copy(this.#program()),
      share: () => { this.#writeAddress(true); this.#copy(location.href); },
    };
    for (const name in clicks) on("." + name, "click", clicks[name]);
    const placeOf = (node) => node.closest("td")?.at;
    // Not pointerover, which also reports a pointer that rests while the page moves under it.
    on(".stage", "pointermove", (node, { pointerType }) => {
      if (pointerType === "touch" || placeOf(node) === this.#hovered) return;
      this.#hovered = placeOf(node);
      this.#mark();
    });
    on(".stage", "pointerleave", () => { this.#hovered = undefined; this.#mark(); });
    on(".stage", "focusin", (node) => this.#focus(placeOf(node)));
    on(".stage", "focusout", () => { this.#focused = undefined; this.#mark(); });
    on(".stage", "click", (node) => {
      if (placeOf(node) && node.tagName !== "INPUT") this.#tap(placeOf(node));
    });
    on(".stage", "keydown", (node, event) => this.#key(event, placeOf(node)));
  }

  // -- state --

  #give(name, value) {
    if (value === null) this.removeAttribute(name);
    else this.setAttribute(name, value);
  }

  /* Set attributes; null removes one. */
  #set(values) {
    this.#release();
    for (const name in values) this.#give(kebab(name), values[name]);
    this.#saving ??= setTimeout(() => { this.#saving = undefined; this.#writeAddress(); }, 300);
    this.#say(() => `${WORDS.output} ${by(this.#now.sizes)}. ${this.#now.reason}`);
  }

  /* Move to another state. Own numbers stay where they are; those that are missing are zeros. */
  #change(values) {
    const { X, K, state } = this.#now, s = { ...state, ...values };
    if (s.mode === "conv") s.output_padding = 0;
    if (!VIEWS[s.mode].includes(s.view)) s.view = "numbers";
    const given = Object.fromEntries(Object.entries(s).map(([name, value]) =>
      [name, NAMES.includes(name) ? listed(value) : value]));
    const { view, ...layer } = settle((name, normal) => given[name] ?? normal, () => {});
    for (const [name, old, shape] of [
      ["input", X, [layer.in_channels, ...layer.input_size]], ["kernel", K, weightShape(layer)]])
      if (this.#isOwn(name)) given[name] = listed(build(shape, (...at) => lookUp(old, at) ?? 0));
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
    if (state.mode === "conv") twin.output_padding = [0, 1].map((axis) =>
      outputPaddingFor(axisOf({ ...twin, output_padding: [0, 0] }, axis), state.input_size[axis]));
    this.#change(twin);
  }

  /* In a direction, the next value of a control, if there is one; the last; and the rule that
  keeps it from going on. */
  #way(name, axis, step) {
    const { state } = this.#now;
    if (PAIRED.includes(name)) {
      const a = axisOf(state, axis), [end, rule] = limit(a, name, step);
      return { next: end === a[name] ? undefined : a[name] + step, end, rule };
    }
    const bound = RANGES[name][step < 0 ? 0 : 1], now = state[name];
    const valid = range(Math.abs(bound - now)).map((i) => now + step * (i + 1)).filter((value) => {
      const s = { ...state, [name]: value };
      return s.in_channels % s.groups === 0 && s.out_channels % s.groups === 0;
    });
    const end = valid.at(-1) ?? now;
    return { next: valid[0], end, rule: end === bound ? undefined : WORDS.divide };
  }

  /* Change some values, along one axis if height and width are set apart. */
  #put(names, axis, values) {
    this.#change(Object.fromEntries(names.map((name) => {
      const old = this.#now[name], value = values[name];
      return [name, Array.isArray(old) && this.#isApart ? old.with(axis, value) : value];
    })));
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

  #draw() {
    const m = this.#now;
    this.#find(".change").hidden = this.getAttribute("controls")?.trim() === "";
    for (const node of this.#all("[data-for]")) node.hidden = !this.#has(node.dataset.for);
    for (const node of this.#all("fieldset"))
      node.hidden = ![node, ...node.querySelectorAll("[data-for]")]
        .some((inner) => inner.dataset.for && !inner.hidden);
    this.#find(`[value=${m.mode}]`).checked = true;
    this.#drawSteppers();
    for (const name of ["input", "kernel"])
      this.#find("#" + name).value = !this.#isOwn(name) ? this.#read(name, "counting")
        : m.reason.includes(name + "=") ? "counting" : "";
    this.#find("#view").value = m.view;
    this.#find("[value=zeros]").disabled = m.mode === "conv";
    for (const name of ["matrix", "letters"])
      this.#find("#" + name).checked = this.hasAttribute(name);
    this.#find("#rectangles").checked = this.#isApart;
    this.#find(".sign").textContent = m.scatters ? "⋆ᵀ" : "⋆";
    this.#find(".share").hidden = FRAMED;
    const words = { adjusted: m.reason, weight: this.#weight(),
      hint: WORDS.hint + (m.hasChannels ? ` ${WORDS.hint_channels}` : "") };
    for (const name in words) this.#find("." + name).textContent = words[name];
    this.#find(".formula").innerHTML = this.#formula().map((line) =>
      `<div>${line.split(" = ").map((part) => `<span>${part}</span>`).join(" = ")}</div>`).join("");
    this.#find("code").textContent = this.#call();
    this.#drawMatrix();
    this.#drawGrids();
    this.#drawSolver();
    this.#mark();
  }

  #drawSteppers() {
    const m = this.#now, bites = {};
    for (const node of this.#all("[data-axis='1']")) node.hidden = !this.#isApart;
    for (const node of this.#all(".stepper input")) {
      const [name, axis] = partsOf(node), hints = [];
      if (node.closest("[hidden]")) continue;
      const entry = node.parentElement;
      const ends = [-1, 1].map((step, index) => {
        const { next, end, rule } = this.#way(name, axis, step), isEnd = next === undefined;
        entry.querySelectorAll("button")[index].ariaDisabled = String(isEnd);
        if (isEnd && rule) hints.push(this.#limitOf(name, axis, step));
        if (isEnd && rule && rule !== WORDS.divide)
          (bites[rule] ??= []).push(bound(name, end, step));
        return end;
      });
      Object.assign(node, { min: ends[0], max: ends[1], value: [m[name]].flat()[axis] });
      node.ariaLabel = this.#isApart && PAIRED.includes(name) ? `${name} ${WORDS.axes[axis]}` : name;
      entry.querySelector(".spoken").textContent = hints.join(" ");
    }
    this.#find(".limits").textContent = Object.entries(bites).map(([rule, limits]) =>
      fill(WORDS.limit, { limits: [...new Set(limits)].join(", "), rule })).join(" ");
  }

  #drawSolver() {
    const m = this.#now;
    if (!this.#find(".solver").open) return;
    for (const box of this.#all(".solver > [data-axis]:not([hidden])")) {
      const axis = Number(box.dataset.axis), input = box.querySelector("input");
      const of = axisOf(m.state, axis), wanted = this.#wanted[axis] ?? m.sizes[axis];
      const choices = solve(of, wanted), list = box.querySelector(".choices");
      box.querySelector("span").textContent = fill(WORDS.wanted,
        { axis: this.#isApart ? WORDS.axes[axis] : WORDS.size });
      if (Number(input.value) !== wanted) input.value = wanted;
      box.querySelector("small").textContent =
        choices.length ? fill(WORDS.choices, { count: choices.length }) : WORDS.no_choice;
      const nodes = choices.map((choice) => {
        const used = SOLVED.filter((name) => name === "kernel_size" || choice[name] !== RANGES[name][2]);
        return Object.assign(document.createElement("button"), { choice,
          textContent: used.map((name) => `${name} ${choice[name]}`).join(", "),
          ariaPressed: String(SOLVED.every((name) => choice[name] === of[name])) });
      });
      const held = this.#root.activeElement?.textContent;
      list.replaceChildren(...nodes);
      nodes.find((node) => node.textContent === held)?.focus();
    }
  }

  #choose(node) {
    if (node.choice) this.#put(SOLVED, Number(node.closest("[data-axis]").dataset.axis), node.choice);
  }

  #drawGrids() {
    const m = this.#now;
    const notes = { // of a grid that has more cells than X, K or Y; and another
      input: [m.zeros ? "inserted" : "padded", m.counted === "input" && "windows"],
      kernel: ["dilated", m.zeros && "flipped"],
      output: ["cropped_from", m.counted === "output" && "stamps"],
    };
    for (const grid of GRIDS) {
      const span = by(m.spans[grid]), size = by(m.sides(grid)), [filled, more] = notes[grid];
      this.#find(`.${grid} small`).textContent =
        [span, size !== span && fill(WORDS[filled], { size }), WORDS[more]].filter(Boolean).join(", ");
      this.#resize(grid, m.sides(grid));
      this.#digits[grid] = this.#drawNumbers(grid);
    }
    this.#fit();
  }

  /* Give a grid its blocks, and each so many rows and columns. */
  #resize(grid, [height, width]) {
    const m = this.#now, blocks = m.blocks[grid], box = this.#find(`.${grid} .blocks`);
    const [top, left] = m.axes.map(({ drawn }) => drawn[grid][0]);
    while (box.children.length > blocks.length) box.lastChild.remove();
    while (box.children.length < blocks.length) {
      const block = document.createElement("div");
      block.innerHTML = `<small></small><table role="grid"></table>`;
      box.append(block);
    }
    box.style.setProperty("--columns", this.#columns(grid));
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
        ? this.#symbol(at) : letters && isUnused && isOutput ? "" : write(value, 2);
      const look = (isPut ? "zero " : "") + (isUnused ? "unused" : "");
      const tint = m.counted === grid ? `${4 + 30 * count / most}%` : "";
      if (cell.textContent !== text) cell.textContent = text;
      if (cell.className !== look) cell.className = look;
      if (cell.style.getPropertyValue("--tint") !== tint) cell.style.setProperty("--tint", tint);
      const what = isUnused ? (isOutput ? WORDS.cropped : WORDS.unused) : isPut ? WORDS.put : "";
      if (what) cell.setAttribute("aria-label", `${text} ${what}`);
      else cell.removeAttribute("aria-label");
      digits = Math.max(digits, letters ? 0.75 * text.length : text.length);
    }
    return digits;
  }

  /* An output's number, as far as it has been played. */
  #sumAt(at, given) {
    const m = this.#now, isWhole = given !== undefined && !m.counted;
    if (this.#step === null && isWhole) return given;
    if (m.scatters) return stamped(m, at, this.#step ?? Infinity) ?? (this.#step === null ? 0 : null);
    return this.#step === null || stepOf(m, at) <= this.#step ? given : null;
  }

  #symbol(at) {
    const m = this.#now;
    return indexed(LETTER[at.grid].toLowerCase(), m.named(m.at(at)));
  }

  /* How many blocks of a grid stand side by side. */
  #columns(grid) {
    const m = this.#now, count = m.blocks[grid].length;
    return grid === "kernel" ? m.weight[1] : count > 2 ? 2 : 1;
  }

  /* The largest cells with which all grids are in sight together. */
  #fit() {
    const m = this.#now, stage = this.#find(".stage"), width = stage.clientWidth || 600;
    // The height of a notebook's frame follows its content.
    const height = Math.max(0.55 * (FRAMED ? screen.availHeight : innerHeight), 240);
    const parts = GRIDS.map((grid) => {
      const columns = this.#columns(grid), lines = Math.ceil(m.blocks[grid].length / columns);
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
      this.#find("." + grid).style.setProperty("--conv-font", `${fontOf(cell, grid)}px`);
    stage.classList.toggle("small", cell < 30);
    this.#find(".tiny").hidden = isLegible(cell);
  }

  #resized = () => this.#fit();

  #drawMatrix() {
    const m = this.#now, box = this.#find(".matrix");
    const { outputs: rows, inputs: columns } = m;
    box.hidden = !this.hasAttribute("matrix");
    if (box.hidden) return;
    const name = m.mode === "conv" ? "W" : "Wᵀ";
    const axes = [0, 1].map((axis) => links(axisOf(m.state, axis))
      .filter(({ input, output }) =>
        input in range(m.input_size[axis]) && output in range(m.sizes[axis])));
    if (m.wires.length * axes[0].length * axes[1].length > MOST_ENTRIES) {
      box.firstChild.textContent = fill(WORDS.too_many, { name });
      box.lastChild.replaceChildren();
      return;
    }
    for (const wire of m.wires)
      for (const r of axes[0])
        for (const c of axes[1])
          m.entries.push({ group: groupOf(m, "in", wire.input),
            output: flat([wire.output, r.output, c.output], m.sizes),
            input: flat([wire.input, r.input, c.input], m.input_size),
            kernel: flat([wire.kernel, r.weight, c.weight], m.kernel_size),
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
    const m = this.#now, grid = m.scatters ? "input" : "output", [rows, columns] = playedSize(m);
    if (this.#step !== null) {
      const line = Math.floor(this.#step / columns);
      return { grid, b: Math.floor(line / rows), r: line % rows, c: this.#step % columns };
    }
    return [this.#pinned, this.#hovered, this.#focused].find((at) => at && this.#cellAt(at)) ??
      { grid, b: 0, r: rows >> 1, c: columns >> 1 };
  }

  #mark() {
    const m = this.#now, at = this.#looked, own = this.#cellAt(at);
    const letters = this.hasAttribute("letters");
    for (const node of this.#marks) {
      node.classList.remove("lit", "marked", "read");
      for (const name of ["data-plus", "aria-selected"]) node.removeAttribute(name);
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
            const block = this.#find(`.${grid} .blocks`).children[wire[grid]];
            block.classList.add("read");
            this.#marks.push(block);
          }
    own.classList.add("marked");
    if (this.#pinned) own.ariaSelected = "true";
    this.#find(".sum").replaceChildren(...this.#sentence(at));
    this.#find(".reads").textContent = m.hasChannels ? this.#reads(at) : "";
    for (const name of ["back", "all"])
      this.#find("." + name).ariaDisabled = String(this.#step === null);
    this.#find(".progress").textContent =
      this.#step === null ? "" : `${this.#step + 1} / ${stepsOf(m)}`;
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
    const m = this.#now, { grid } = at;
    if (!m.entries.length) return;
    const place = m.given(at) === undefined ? NaN
      : flat([at.b, ...m.at(at).slice(-2)], m.spans[grid]);
    this.#find(".strip").setAttribute("d", isNaN(place) || grid === "kernel" ? ""
      : grid === "output" ? `M0 ${place}h${m.inputs}v1H0z` : `M${place} 0h1v${m.outputs}h-1z`);
    this.#find(".marks").setAttribute("d",
      outlines(m.entries.filter((entry) => entry[grid] === place)));
  }

  /* A product: nodes and texts, of numbers or of symbols. */
  #term(meeting) {
    const m = this.#now, [x, k] = factors(m, meeting), { input, weight } = meeting;
    if (!this.hasAttribute("letters"))
      return [colored("input", write(x)), "·", colored("kernel", k < 0 ? `(${write(k)})` : write(k))];
    return [colored("input", m.given(input) === undefined ? "0" : this.#symbol(input)), "·",
      colored("kernel", indexed("k", m.named(weight)))];
  }

  /* What happens in a cell, as text and colored numbers. */
  #sentence(at) {
    const m = this.#now, all = [...meetings(m, at)], letters = this.hasAttribute("letters");
    const isOutput = at.grid === "output", given = m.given(at);
    const name = (at) => m.given(at) === undefined
      ? (at.grid === "output" ? WORDS.cropped : WORDS.put)
      : letters ? this.#symbol(at)
      : `${LETTER[at.grid]}[${m.named(m.at(at)).join(", ")}]`;
    const shown = all.slice(0, isOutput ? 64 : 16), more = all.length > shown.length;
    const terms = shown.flatMap((meeting, index) => [
      index ? (isOutput ? " + " : ", ") : "", ...this.#term(meeting),
      isOutput ? "" : ` → ${name(meeting.output)}`]);
    if (!isOutput)
      return [name(at), ...letters ? [": "] : [` = ${write(given ?? 0)}: `], ...terms,
        more ? ", …" : ""];
    const sum = given ?? stamped(m, at, Infinity) ?? 0;
    if (letters)
      return [`${name(at)} = `, ...(terms.length ? terms : ["0"]), more ? " + …" : ""];
    return [`${name(at)} = `, ...terms, more ? " + …" : "", terms.length ? " = " : "",
      colored("output", write(sum))];
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
    return `${this.#find(".sum").textContent} ${this.#find(".reads").textContent}`.trim();
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
    const [from, to] = this.#now.axes[1].drawn[at.grid], [down, right] = ARROWS[key] ?? [];
    const page = { PageUp: -1, PageDown: 1 }[key];
    if (ARROWS[key]) this.#cellAt({ ...at, r: at.r + down, c: at.c + right })?.focus();
    else if (page && this.#now.hasChannels) this.#cellAt({ ...at, b: at.b + page })?.focus();
    else if (key === "Home") this.#cellAt({ ...at, c: from }).focus();
    else if (key === "End") this.#cellAt({ ...at, c: to }).focus();
    else if (key === "Escape") this.#release();
    else if (/^[-0-9.]$/.test(key) && this.#isEditable(at)) this.#edit(at, key);
    else if (key === "Enter" && this.#isEditable(at)) this.#edit(at);
    else if (key === "Enter" || key === " ") this.#tap(at);
    else return;
    event.preventDefault();
  }

  #edit(at, text) {
    const cell = this.#cellAt(at), box = document.createElement("input");
    box.inputMode = "decimal";
    box.ariaLabel = `${LETTER[at.grid]}[${this.#now.at(at).slice(-2).join(", ")}]`;
    box.defaultValue = this.#now.given(at);
    box.addEventListener("blur", () => this.#enter(at, box.value, box.defaultValue));
    cell.replaceChildren(box);
    box.focus();
    if (text) box.value = text;
    else box.select();
  }

  #enter(at, value, old) {
    const m = this.#now, text = value.normalize("NFKC").trim().replace(",", ".").replace("−", "-");
    const name = LETTER[at.grid], place = m.at(at), pinned = this.#pinned;
    if (isFine(text) && text !== old) {
      const values = structuredClone(m[name]);
      lookUp(values, place.slice(0, -1))[place.at(-1)] = Number(text);
      this.#set({ [at.grid]: values.flat(Infinity).join(" ") });
    } else this.#drawNumbers(at.grid);
    if (!isFine(text)) {
      const refused = fill(WORDS.wrong, { name, given: short(text), used: old,
        rule: fill(WORDS.list_of_one, { most: LARGEST_NUMBER }) });
      this.#find(".adjusted").textContent = refused;
      this.#say(() => refused);
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
    this.#find(".play").textContent = WORDS.pause;
  }

  #pause() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#find(".play").textContent = WORDS.play;
  }

  /* Tell a screen reader, once things have settled. */
  #say(words) {
    clearTimeout(this.#speaking);
    this.#speaking = setTimeout(() => { this.#find("#spoken").textContent = words(); }, 500);
  }

  // -- in words --

  /* With the terms that the page has introduced, and those that matter. */
  #formula() {
    const m = this.#now;
    return (m.isSquare ? [0] : [0, 1]).map((axis) => {
      const a = axisOf(m.state, axis), { input_size: n, kernel_size: k, stride: s, padding: p,
        dilation: d, output_padding: o } = a;
      const has = (name) => this.#has(name) || a[name] !== RANGES[name][2];
      const [S, P, D] = ["stride", "padding", "dilation"].map(has);
      const size = m.sizes[axis], is = `${fill(WORDS.output_size,
        { axis: m.isSquare ? WORDS.size : WORDS.axes[axis] })} = `;
      const conv = m.mode === "conv";
      const text = (n, s, p, d, k, o) => {
        const span = D ? `${d}·(${k} − 1)` : k, twice = P ? ` ${conv ? "+" : "−"} 2${p}` : "";
        if (!conv) return `${S ? `(${n} − 1)·${s}` : `${n} − 1`}${twice} + ${span}${
          has("output_padding") ? ` + ${o}` : ""}${D ? " + 1" : ""}`;
        const inner = `${n}${twice} − ${span}${D ? " − 1" : ""}`;
        return S ? `⌊(${inner}) / ${s}⌋ + 1` : `${inner} + 1`;
      };
      const inner = n + 2 * p - reachOf(a), rest = conv && inner % s;
      return is + text("n", "s", "p", "d", "k", "output_padding") + " = " +
        text(n, s, `·${p}`, d, k, o) + " = " + (conv && S ? `⌊${inner} / ${s}⌋ + 1 = ` : "") + size +
        (rest ? fill(WORDS.rest, { n: rest }) : "");
    });
  }

  #weight() {
    const m = this.#now;
    if (!m.hasChannels && !(this.getAttribute("controls") !== null && this.#has("in_channels")))
      return "";
    const per = m.groups > 1 || this.#has("groups") ? " / groups" : "";
    const names = m.mode === "conv" ? `out_channels, in_channels${per}`
      : `in_channels, out_channels${per}`;
    return fill(WORDS.weight,
      { shape: `(${m.weight.join(", ")})`, names, count: product(m.weight) });
  }

  #call() {
    const m = this.#now;
    const more = ["stride", "padding", "output_padding", "dilation", "groups"]
      .filter((name) => brief(m[name]) !== RANGES[name][2]).map((name) => {
        const value = brief(m[name]);
        return `, ${name}=${Array.isArray(value) ? `(${value.join(", ")})` : value}`;
      });
    return `F.conv${m.mode === "conv" ? "" : "_transpose"}2d(X, K${more.join("")})`;
  }

  #program() {
    const { X, K } = this.#now;
    const tensor = (name, value) =>
      `${name} = torch.tensor(${JSON.stringify(value)}).double()\n`;
    return "import torch, torch.nn.functional as F\n" + tensor("X", [X]) + tensor("K", K) +
      this.#call();
  }

  async #copy(text) {
    const code = this.#find("code");
    let done = WORDS.copied;
    try {
      await navigator.clipboard.writeText(text);
    } catch { // not allowed here: the reader can
      done = WORDS.select;
      code.textContent = text;
      getSelection()?.selectAllChildren(code);
    }
    this.#find(".adjusted").textContent = done;
    this.#say(() => done);
  }

  // -- the address: #NAME?mode=conv&stride=2 --

  /* Several on a page are told apart by their ids, or by their order. */
  get #name() {
    const all = [...document.querySelectorAll("conv-explorer")];
    return this.id || `conv-explorer-${all.indexOf(this) + 1}`;
  }

  /* Someone else's anchor in the address is left alone, unless the reader asks to share. */
  #writeAddress(asked = false) {
    const prefix = `#${this.#name}?`, hash = location.hash;
    if (FRAMED || (!asked && hash && !hash.startsWith(prefix))) return;
    const state = ATTRIBUTES.filter((name) => this.hasAttribute(name))
      .map((name) => [name, this.getAttribute(name)]);
    try {
      history.replaceState(history.state, "", prefix + new URLSearchParams(state));
    } catch { /* some sandboxes have no history */ }
  }

  #readAddress = () => {
    const prefix = `#${this.#name}?`;
    if (!location.hash.startsWith(prefix)) return;
    const state = new URLSearchParams(location.hash.slice(prefix.length));
    for (const name of ATTRIBUTES) this.#give(name, state.get(name));
  };
}

const bound = (name, value, step) => fill(WORDS[step < 0 ? "at_least" : "at_most"], { name, value });

/* The name and the axis that a stepper's input is for. */
const partsOf = (node) => [node.id.slice(0, -2), Number(node.id.slice(-1))];

/* A place in blocks of rows and columns, counted through. */
const flat = (/** @type {number[]} */ [b, r, c], [rows, columns]) => (b * rows + r) * columns + c;

/* The outlines of matrix entries, as one path. */
const outlines = (entries) =>
  entries.map(({ output, input }) => `M${input} ${output}h1v1h-1z`).join("");

const colored = (role, text) => {
  const node = document.createElement("b");
  node.className = role;
  node.textContent = text;
  return node;
};

// Here, in a bundle, so that it does not come between code and code, which compress well together.
import SHEET from "./conv-explorer.css" with { type: "css" };
customElements.define("conv-explorer", ConvExplorer);
