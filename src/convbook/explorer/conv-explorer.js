/* <conv-explorer>: a convolution or its transpose, cell by cell. Its attributes hold all of its
state, and what the reader does sets them; `result` says what is shown. __init__.py has the same
rules in Python, and says what the attributes mean. */
(() => {
if (customElements.get("conv-explorer")) return; // every output of a notebook has this script

// ---- Words, in one place, so that they can be translated ----

const TEXT = {
  conv: "convolution", transposed: "transposed convolution", twin: "transpose it",
  input: "input X", kernel: "kernel K", output: "output Y", matrix: "matrix", view: "view",
  numbers: "numbers", counts: "overlap counts", zeros: "zeros inserted", own: "own numbers",
  play: "play", pause: "pause", back: "‹ back", forward: "step ›", all: "show all",
  copy: "copy code", share: "share", copied: "copied",
  hint: "Tap a cell to pin it, twice to change its number; Escape lets go.",
  padded: "padded", dilated: "dilated", flipped: "flipped", put: "zero put in",
  unused: "not used", cropped: "cropped away",
  filled: (what, size) => `${what} ${size} (dotted)`,
  cropping: (size) => `cropped from ${size} (hatched)`,
  windows: "windows over each cell", stamps: "stamps on each cell",
  rows: (rows, columns) => `${rows} rows of outputs, ${columns} columns of inputs`,
  bite: (limits, why) => `${limits}, or ${why}.`,
  size: "output size",
  rest: (n) => `, remainder ${n}: the last ${n} rows and columns are not reached`,
  wrong: (name, given, rule, used) => `${name}=${given} must be ${rule}; ${used} is used.`,
  clash: (name, given, why, used) => `${name}=${given}: ${why}; ${used} is used.`,
  oneOf: (names) => `one of ${names.join(", ")}`,
  whole: (mode, [low, high]) => `a whole number from ${low} to ${high} in mode ${mode}`,
  list: (count, most) => count === 1 ? `a number of at most ${most}`
    : `${count} numbers of at most ${most}`,
  or: (a, b) => `${a} or ${b}`,
  fit: (reach, width) => `the kernel spans ${reach} cells, the padded input only ${width}`,
  small: "output_padding is not smaller than stride or dilation",
  gone: "padding crops the whole output away",
  large: (size, most) => `the output has ${size} rows, and ${most} is the most drawn`,
};

// ---- Arithmetic ----

const MODES = ["conv", "transposed"];
const VIEWS = { conv: ["numbers", "counts"], transposed: ["numbers", "counts", "zeros"] };
const RANGES = { // smallest, largest, default
  input_size: [1, 18, 5], kernel_size: [1, 8, 3], stride: [1, 6, 1],
  padding: [0, 9, 0], dilation: [1, 6, 1], output_padding: [0, 5, 0],
};
const NAMES = Object.keys(RANGES);
const LARGEST_OUTPUT = 64, LARGEST_NUMBER = 999;
// On a tie the earlier one moves: the sizes last, they are what a reader looks at.
const MENDING_ORDER =
  ["output_padding", "padding", "dilation", "kernel_size", "stride", "input_size"];
const rangeOf = (mode, name) =>
  mode === "conv" && name === "output_padding" ? [0, 0, 0] : RANGES[name];
const NUMBER = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i;

const kebab = (name) => name.replace("_", "-");
const short = (given) => [...String(given)].slice(0, 20).join("");
const by = (rows, columns = rows) => `${rows} × ${columns}`;
const square = (size, value) => Array.from({ length: size }, (_, i) =>
  Array.from({ length: size }, (_, j) => value(i, j, size)));

const counting = (base) => (i, j, n) => (i * n + j + Math.floor((i * n + j) / base)) % base;
const ones = () => 1;
const impulse = (i, j, n) => +(i === j && i === n >> 1);
const binomial = (n, k) => k < 0 || k > n ? 0 : k === 0 ? 1 : binomial(n - 1, k - 1) * n / k;
const linear = (t, n) => 1 - Math.abs(t - (n - 1) / 2) / ((n + 1) >> 1);
const PRESETS = {
  input: { counting: counting(10), ones, impulse, step: (i, j, n) => +(2 * j >= n) },
  kernel: {
    counting: counting(4), ones, impulse,
    edge: (i, j, n) => { // smooth down the columns, difference along the rows
      const m = Math.max(n - 2, 0);
      return binomial(n - 1, i) * (binomial(m, j) - binomial(m, j - 1));
    },
    blur: (i, j, n) => binomial(n - 1, i) * binomial(n - 1, j) / 4 ** (n - 1),
    bilinear: (i, j, n) => linear(i, n) * linear(j, n),
  },
};

const reachOf = (s) => s.dilation * (s.kernel_size - 1) + 1;
const sizeOf = (s) => s.mode === "conv"
  ? Math.floor((s.input_size + 2 * s.padding - reachOf(s)) / s.stride) + 1
  : (s.input_size - 1) * s.stride + reachOf(s) - 2 * s.padding + s.output_padding;

/* Rank and wording of the first rule that a state breaks, or undefined. */
function broken(s) {
  const reach = reachOf(s), width = s.input_size + 2 * s.padding, size = sizeOf(s);
  if (s.mode === "conv") return reach > width ? [1, TEXT.fit(reach, width)] : undefined;
  if (s.output_padding >= Math.max(s.stride, s.dilation)) return [1, TEXT.small];
  if (size < 1) return [2, TEXT.gone];
  if (size > LARGEST_OUTPUT) return [3, TEXT.large(size, LARGEST_OUTPUT)];
}

/* The smallest change of one value that gets past the rule of this rank. */
function mending(s, rank) {
  for (let distance = 1; ; distance++)
    for (const name of MENDING_ORDER)
      for (const value of [s[name] - distance, s[name] + distance]) {
        const [low, high] = rangeOf(s.mode, name), rule = broken({ ...s, [name]: value });
        if (low <= value && value <= high && (!rule || rule[0] > rank)) return [name, value];
      }
}

/* How far a value can go in a direction before a rule is broken, and the rule. */
function limit(s, name, direction) {
  const [low, high] = rangeOf(s.mode, name);
  let value = s[name], rule;
  while (!rule && (direction < 0 ? value > low : value < high))
    if (!(rule = broken({ ...s, [name]: value + direction }))) value += direction;
  return [value, rule?.[1]];
}

/* The valid state nearest to what the attributes say; `say` is told every difference. */
function settle(read, say) {
  const choose = (name, choices) => {
    const text = read(name, choices[0]);
    if (choices.includes(text)) return text;
    say("wrong", name, text, TEXT.oneOf(choices), choices[0]);
    return choices[0];
  };
  const s = { mode: choose("mode", MODES) };
  for (const name of NAMES) {
    const range = rangeOf(s.mode, name), [low, high, normal] = range;
    const text = read(kebab(name), String(normal)), value = NUMBER.test(text) ? Number(text) : NaN;
    s[name] = isNaN(value) ? normal : Math.floor(Math.min(Math.max(value, low), high) + 0.5);
    if (value !== s[name]) say("wrong", name, text, TEXT.whole(s.mode, range), s[name]);
  }
  for (let rule; (rule = broken(s));) {
    const [name, value] = mending(s, rule[0]);
    say("clash", name, s[name], rule[1], value);
    s[name] = value;
  }
  s.view = choose("view", VIEWS[s.mode]);
  return s;
}

/* size × size numbers, from the name of a preset or a list of them in row order. */
function numbers(name, text, size, say) {
  const presets = PRESETS[name];
  if (Object.hasOwn(presets, text)) return square(size, presets[text]);
  const words = text.split(/[\s,;]+/).filter(Boolean);
  if (words.length === size * size && words.every(isFine))
    return square(size, (i, j) => Number(words[i * size + j]));
  const list = TEXT.list(size * size, LARGEST_NUMBER), names = TEXT.oneOf(Object.keys(presets));
  say("wrong", name, text, TEXT.or(list, names), "counting");
  return square(size, presets.counting);
}

const isFine = (word) => NUMBER.test(word) && Math.abs(Number(word)) <= LARGEST_NUMBER;

/* Along one axis, all there is to know about an operation: which input i meets which weight a at
which output o; k is where that weight is drawn. A convolution links i + padding = o·stride +
a·dilation, its transpose has i and o exchanged. With zeros inserted, i counts the cells of the
spread input, and the flipped kernel slides over it. */
function links({ mode, input_size, kernel_size, stride, padding, dilation, size }, zeros) {
  const list = [], scatters = mode !== "conv" && !zeros;
  for (let t = 0; t < (scatters ? input_size : size); t++)
    for (let step = 0; step < kernel_size; step++) {
      const a = zeros ? kernel_size - 1 - step : step, k = step * dilation;
      const there = zeros ? t + padding - a * dilation : t * stride + k - padding;
      list.push(scatters ? { i: t, a, k, o: there } : { i: there, a, k, o: t });
    }
  return list;
}

const END = { input: "i", kernel: "k", output: "o" };
const GRIDS = Object.keys(END);
const LETTER = { input: "X", kernel: "K", output: "Y" };

/* Everything that is drawn. `read(name, normal)` gives the text of an attribute. */
function modelOf(read) {
  const reasons = [];
  const say = (kind, name, given, rule, used) =>
    reasons.push(TEXT[kind](name, short(given), rule, used));
  const s = settle(read, say), size = sizeOf(s), reach = reachOf(s);
  const conv = s.mode === "conv", zeros = s.view === "zeros";
  const m = {
    ...s, state: s, size, reach, zeros, scatters: !conv && !zeros,
    X: numbers("input", read("input", "counting"), s.input_size, say),
    K: numbers("kernel", read("kernel", "counting"), s.kernel_size, say),
    entries: [], // of the matrix, if it is drawn
    counted: s.view !== "counts" ? "" : conv ? "input" : "output",
    range: { // the first and the last row of each grid; 0 is the first one of X, K or Y
      input: conv ? [-s.padding, s.input_size - 1 + s.padding]
        : zeros ? [Math.min(0, s.padding - reach + 1),
          Math.max((s.input_size - 1) * s.stride, size - 1 + s.padding)]
        : [0, s.input_size - 1],
      kernel: [0, reach - 1],
      output: conv || zeros ? [0, size - 1] : [-s.padding, size - 1 + s.padding],
    },
    index: { // the row of X, K or Y that a row of a grid shows; a zero put in has no such row
      input: (r) => zeros ? r / s.stride : r,
      kernel: (r) => zeros ? s.kernel_size - 1 - r / s.dilation : r / s.dilation,
      output: (r) => r,
    },
  };
  m.given = (grid, r, c) => m[LETTER[grid]][m.index[grid](r)]?.[m.index[grid](c)];
  const list = links(m, zeros);
  m.ends = { input: {}, kernel: {}, output: {} }; // the links that end in a row of a grid
  for (const grid of GRIDS)
    for (let [r, to] = m.range[grid]; r <= to; r++)
      m.ends[grid][r] = list.filter((link) => link[END[grid]] === r);
  m.Y = square(size, (r, c) => valueAt(m, r, c));
  m.reason = reasons.join(" ");
  return m;
}

/* All that meets in a cell of a grid: pairs of links, one for the row and one for the column. */
function* meetings(m, { grid, r, c }) {
  for (const row of m.ends[grid][r])
    for (const column of m.ends[grid][c]) yield [row, column];
}

const factors = (m, [row, column]) =>
  [m.given("input", row.i, column.i) ?? 0, m.K[row.a][column.a]];

/* An output: the sum of its products, as far as `step` has come; null if it has not come there. */
function valueAt(m, r, c, step = Infinity) {
  let sum = step === Infinity ? 0 : null;
  for (const row of m.ends.output[r])
    for (const column of m.ends.output[c])
      if ((m.scatters ? row.i * m.input_size + column.i : r * m.size + c) <= step)
        sum += (m.given("input", row.i, column.i) ?? 0) * m.K[row.a][column.a];
  return sum;
}

const write = (value, digits = 4) => String(+value.toFixed(digits)).replace("-", "−");
const listed = (rows) => rows.flat().join(" ");

// ---- Looks ----

const SHEET = new CSSStyleSheet();
SHEET.replaceSync(`/* conv-explorer.css */`); // __init__.py puts the file in here

// The side of a cell. As a length it is inherited as one, so that cells are styled anew only if it
// changes: with every number that a slider passes, styles would take most of the time.
CSS.registerProperty?.(
  { name: "--conv-cell", syntax: "<length>", inherits: true, initialValue: "36px" });

const button = (name) => `<button class="${name}">${TEXT[name]}</button>`;
const SKELETON = `<div class="controls"><div class="bar">${MODES.map((mode) =>
    `<label><input type="radio" name="mode" value="${mode}">${TEXT[mode]}</label>`).join("")}
  ${button("twin")}<slot name="examples"></slot></div>
<div class="sliders">${NAMES.map((name) => `<div><label for="${name}">${name}<span></span></label>
  <input type="range" id="${name}" aria-describedby="limits"></div>`).join("")}</div>
<p class="limits" id="limits"></p>
<div class="bar">${["input", "kernel"].map((name) => `<label>${TEXT[name]} <select id="${name}">
  ${Object.keys(PRESETS[name]).map((preset) => `<option>${preset}</option>`).join("")}
  <option value="" hidden>${TEXT.own}</option></select></label>`).join("")}
  <label>${TEXT.view} <select id="view">${VIEWS.transposed.map((view) =>
    `<option value="${view}">${TEXT[view]}</option>`).join("")}</select></label>
  <label><input type="checkbox" class="wide">${TEXT.matrix}</label></div></div>
<p class="adjusted"></p>
<div class="board"><div><div class="stage">${GRIDS.map((name, index) => `<div class="part">
  ${index ? `<span class="sign" aria-hidden="true">=</span>` : ""}<div class="grid ${name}">
  <b id="name-${name}">${TEXT[name]}</b><small></small><div class="scroll">
  <table role="grid" aria-labelledby="name-${name}"></table></div></div></div>`).join("")}</div>
  <p class="sum"></p></div><div class="matrix"><small></small><div></div></div></div>
<p class="hint controls"></p>
<div class="bar controls">${["back", "play", "forward", "all"].map(button).join("")}
  <span class="progress"></span></div>
<p class="formula"></p>
<div class="bar"><code></code>
  <span class="controls">${button("copy")} ${button("share")}</span></div>
<div class="spoken" aria-live="polite"></div>`;

// ---- Element ----

const ATTRIBUTES = ["mode", ...NAMES.map(kebab), "input", "kernel", "view", "matrix"];
const NOTHING = Object.fromEntries(ATTRIBUTES.map((name) => [name, null]));
const FRAMED = top !== self; // the address of a frame is of no use
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

class ConvExplorer extends HTMLElement {
  static observedAttributes = ATTRIBUTES;
  #model; // undefined: an attribute has changed since
  #waiting = false; // for a drawing
  #cells = {}; // of each grid: rows of elements, each of which knows its place, `at`
  #marks = []; // the elements that are marked
  #step = null; // how many windows or stamps have been played, less one
  #pinned; #hovered; #focused; // places: {grid, r, c}
  #timer; #speaking; #saving;

  get result() {
    const m = this.#now, sizes = NAMES.map((name) =>
      [name.replace(/_./, (end) => end[1].toUpperCase()), m[name]]);
    return structuredClone({ mode: m.mode, ...Object.fromEntries(sizes),
      input: m.X, kernel: m.K, output: m.Y, adjusted: m.reason !== "", reason: m.reason });
  }

  get #now() { return this.#model ??= modelOf((name, normal) => this.#read(name, normal)); }

  #read(name, normal) { return this.getAttribute(name)?.trim() ?? normal; }

  #isOwn(name) { return !Object.hasOwn(PRESETS[name], this.#read(name, "counting")); }

  connectedCallback() {
    if (!this.shadowRoot) this.#build();
    addEventListener("hashchange", this.#readAddress);
    this.#readAddress();
    this.#wait();
  }

  disconnectedCallback() {
    removeEventListener("hashchange", this.#readAddress);
    this.#pause();
  }

  attributeChangedCallback() {
    this.#model = undefined;
    this.#step = null;
    this.#wait();
  }

  /* Draw once, however many attributes change. */
  #wait() {
    if (this.#waiting || !this.shadowRoot) return;
    this.#waiting = true;
    queueMicrotask(() => { this.#waiting = false; this.#draw(); });
  }

  #find(selector) { return this.shadowRoot.querySelector(selector); }

  #build() {
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [SHEET];
    root.innerHTML = SKELETON;
    const on = (selector, type, react) => root.querySelectorAll(selector).forEach((node) =>
      node.addEventListener(type, (event) => react(event.target, event)));
    on("[name=mode]", "change", ({ value }) => this.#change({ mode: value }));
    on("[type=range]", "input", ({ id, value }) => this.#change({ [id]: Number(value) }));
    on(".bar [id]", "change", ({ id, value }) => this.#set({ [id]: value }));
    on(".wide", "change", ({ checked }) => this.#set({ matrix: checked ? "" : null }));
    on("slot", "change", ({ value }) => this.#set({ ...NOTHING, ...JSON.parse(value) }));
    on(".twin", "click", () => this.#transpose());
    on(".back", "click", () => this.#go(-1));
    on(".forward", "click", () => this.#go(1));
    on(".play", "click", () => this.#timer ? this.#pause() : this.#play());
    on(".all", "click", () => this.#release());
    on(".copy", "click", () => this.#copy(this.#program()));
    on(".share", "click", () => { this.#writeAddress(true); this.#copy(location.href); });
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
    this.#say(() => `${TEXT.output} ${by(this.#now.size)}. ${this.#now.reason}`);
  }

  /* Move to another state. Own numbers stay where they are; those that are missing are zeros. */
  #change(values) {
    const { X, K, state } = this.#now, s = { ...state, ...values };
    if (s.mode === "conv") s.output_padding = 0;
    if (!VIEWS[s.mode].includes(s.view)) s.view = "numbers";
    for (const [name, old] of [["input", X], ["kernel", K]])
      if (this.#isOwn(name))
        s[name] = listed(square(s[name + "_size"], (i, j) => old[i]?.[j] ?? 0));
    this.#set(s);
  }

  /* Show the adjoint, which takes an output back to the size of its input. */
  #transpose() {
    const { state, size } = this.#now;
    const twin = { ...state, mode: state.mode === "conv" ? "transposed" : "conv",
      input_size: size, output_padding: 0 };
    if (state.mode === "conv") twin.output_padding = state.input_size - sizeOf(twin);
    this.#change(twin);
  }

  // -- drawing --

  #draw() {
    const m = this.#now;
    this.#find(`[value=${m.mode}]`).checked = true;
    this.#drawSliders();
    for (const name of ["input", "kernel"])
      this.#find("#" + name).value = !this.#isOwn(name) ? this.#read(name, "counting")
        : m.reason.includes(name + "=") ? "counting" : "";
    this.#find("#view").value = m.view;
    this.#find("[value=zeros]").disabled = m.mode === "conv";
    this.#find(".wide").checked = this.hasAttribute("matrix");
    this.#find(".sign").textContent = m.scatters ? "⋆ᵀ" : "⋆";
    this.#find(".share").hidden = FRAMED;
    const words = { adjusted: m.reason, formula: this.#formula(), hint: TEXT.hint };
    for (const name in words) this.#find("." + name).textContent = words[name];
    this.#find("code").textContent = this.#call();
    this.#drawGrids();
    this.#drawMatrix();
    this.#mark();
  }

  #drawSliders() {
    const m = this.#now, bites = {};
    for (const name of NAMES) {
      const slider = this.#find("#" + name);
      const [low, less] = limit(m, name, -1), [high, more] = limit(m, name, 1);
      Object.assign(slider, { min: low, max: high, value: m[name], disabled: low === high });
      slider.previousElementSibling.lastChild.textContent = m[name];
      if (less && m[name] === low) (bites[less] ??= []).push(`${name} ≥ ${low}`);
      if (more && m[name] === high) (bites[more] ??= []).push(`${name} ≤ ${high}`);
    }
    this.#find(".limits").textContent = Object.entries(bites)
      .map(([why, limits]) => TEXT.bite(limits.join(", "), why)).join(" ");
  }

  #drawGrids() {
    const m = this.#now, stage = this.#find(".stage");
    const side = (grid) => m.range[grid][1] - m.range[grid][0] + 1;
    const filled = (grid, size, what) => side(grid) > size && TEXT.filled(what, by(side(grid)));
    const notes = {
      input: [by(m.input_size),
        filled("input", m.input_size, m.zeros ? TEXT.zeros : TEXT.padded),
        m.counted === "input" && TEXT.windows],
      kernel: [by(m.kernel_size), filled("kernel", m.kernel_size, TEXT.dilated),
        m.zeros && TEXT.flipped],
      output: [by(m.size), side("output") > m.size && TEXT.cropping(by(side("output"))),
        m.counted === "output" && TEXT.stamps],
    };
    let digits = 1;
    for (const grid of GRIDS) {
      this.#find(`.${grid} small`).textContent = notes[grid].filter(Boolean).join(", ");
      this.#resize(grid, side(grid));
      digits = Math.max(digits, this.#drawNumbers(grid));
    }
    const least = Math.max(24, 8 * digits + 4), most = Math.max(...GRIDS.map(side));
    stage.style.setProperty("--conv-cell", `clamp(${least}px, (100cqi - 48px) / ${most}, 36px)`);
  }

  /* Give a grid so many rows and columns; cells that are there already stay. */
  #resize(grid, side) {
    const [from] = this.#now.range[grid], table = this.#find(`.${grid} table`);
    while (table.rows.length > side) table.deleteRow(-1);
    while (table.rows.length < side) table.insertRow().role = "row";
    this.#cells[grid] = Array.from(table.rows, (row) => {
      while (row.cells.length > side) row.deleteCell(-1);
      while (row.cells.length < side) row.insertCell().role = "gridcell";
      return [...row.cells];
    });
    this.#cells[grid].forEach((row, i) => row.forEach((cell, j) => {
      cell.at = { grid, r: i + from, c: j + from };
      cell.tabIndex = i || j ? -1 : 0; // one cell of each grid is a stop of the tab key
    }));
  }

  /* Fill the cells of a grid; return how many digits the longest number has. */
  #drawNumbers(grid) {
    const m = this.#now, ends = m.ends[grid], cells = this.#cells[grid].flat();
    const meet = ({ r, c }) => ends[r].length * ends[c].length;
    const most = Math.max(...cells.map(({ at }) => meet(at)));
    let digits = 1;
    for (const cell of cells) {
      const { r, c } = cell.at, count = meet(cell.at), isOutput = grid === "output";
      const given = m.given(grid, r, c);
      const isPut = isOutput ? !count : given === undefined;
      const isUnused = isOutput ? given === undefined : grid === "input" && !count;
      const value = m.counted === grid ? count
        : isOutput ? valueAt(m, r, c, this.#step ?? Infinity) : given ?? 0;
      const text = value === null ? "" : write(value, 2);
      const look = (isPut ? "zero " : "") + (isUnused ? "unused" : "");
      const tint = m.counted === grid ? `${4 + 50 * count / most}%` : "";
      if (cell.textContent !== text) cell.textContent = text;
      if (cell.className !== look) cell.className = look;
      if (cell.style.getPropertyValue("--tint") !== tint) cell.style.setProperty("--tint", tint);
      const what = isUnused ? (isOutput ? TEXT.cropped : TEXT.unused) : isPut ? TEXT.put : "";
      if (what) cell.setAttribute("aria-label", `${text} ${what}`);
      else cell.removeAttribute("aria-label");
      digits = Math.max(digits, text.length);
    }
    return digits;
  }

  #drawMatrix() {
    const m = this.#now, box = this.#find(".matrix");
    const rows = m.size ** 2, columns = m.input_size ** 2;
    box.hidden = !this.hasAttribute("matrix");
    if (box.hidden) return;
    const axis = links(m, false).filter(({ i, o }) => i in m.X && o in m.Y);
    for (const r of axis)
      for (const c of axis)
        m.entries.push({ output: r.o * m.size + c.o, input: r.i * m.input_size + c.i,
          kernel: r.a * m.kernel_size + c.a });
    const unit = Math.max(2, Math.min(24, 640 / columns, 400 / rows));
    const texts = unit < 18 ? [] : m.entries.map(({ output, input, kernel }) =>
      `<text x="${input + 0.5}" y="${output + 0.5}">${write(m.K.flat()[kernel], 2)}</text>`);
    const title = `W${m.mode === "conv" ? "" : "ᵀ"}: ${TEXT.rows(rows, columns)}`;
    box.firstChild.textContent = title;
    box.lastChild.innerHTML = `<svg role="img" aria-label="${title}"
      viewBox="0 0 ${columns} ${rows}" width="${columns * unit}" height="${rows * unit}">
      <path d="${outlines(m.entries)}"/><rect class="strip"/><path/>${texts.join("")}</svg>`;
  }

  // -- marks --

  get #steps() { return (this.#now.scatters ? this.#now.input_size : this.#now.size) ** 2; }

  #cellAt({ grid, r, c }) {
    const [from] = this.#now.range[grid];
    return this.#cells[grid][r - from]?.[c - from];
  }

  /* What is looked at: the cell of the step, pinned, pointed at, focused, or in the middle. */
  get #looked() {
    const grid = this.#now.scatters ? "input" : "output", side = Math.sqrt(this.#steps);
    const cell = (index) => ({ grid, r: Math.floor(index / side), c: index % side });
    if (this.#step !== null) return cell(this.#step);
    return [this.#pinned, this.#hovered, this.#focused].find((at) => at && this.#cellAt(at)) ??
      cell((side + 1) * (side >> 1));
  }

  #mark() {
    const m = this.#now, at = this.#looked, own = this.#cellAt(at);
    for (const cell of this.#marks) {
      cell.classList.remove("lit", "marked");
      for (const name of ["data-plus", "aria-selected"]) cell.removeAttribute(name);
    }
    this.#marks = [own];
    for (const pair of meetings(m, at))
      for (const grid of GRIDS) {
        const [r, c] = pair.map((link) => link[END[grid]]), cell = this.#cellAt({ grid, r, c });
        if (!cell || cell === own) continue;
        cell.classList.add("lit");
        this.#marks.push(cell);
        if (m.scatters && at.grid === "input" && grid === "output" && !m.counted) {
          const product = factors(m, pair).reduce((x, k) => x * k);
          cell.dataset.plus = (product < 0 ? "" : "+") + write(product, 2);
        }
      }
    own.classList.add("marked");
    if (this.#pinned) own.ariaSelected = true;
    this.#find(".sum").replaceChildren(...this.#sentence(at));
    this.#find(".back").disabled = this.#find(".all").disabled = this.#step === null;
    this.#find(".progress").textContent =
      this.#step === null ? "" : `${this.#step + 1} / ${this.#steps}`;
    this.#markMatrix(at);
  }

  #markMatrix({ grid, r, c }) {
    const m = this.#now, strip = this.#find(".strip");
    if (!m.entries.length) return;
    const side = m[LETTER[grid]].length, rows = m.size ** 2, columns = m.input_size ** 2;
    const place = m.given(grid, r, c) === undefined ? NaN
      : m.index[grid](r) * side + m.index[grid](c);
    const box = isNaN(place) || grid === "kernel" ? [0, 0, 0, 0]
      : grid === "output" ? [0, place, columns, 1] : [place, 0, 1, rows];
    ["x", "y", "width", "height"].forEach((name, index) => strip.setAttribute(name, box[index]));
    strip.nextElementSibling.setAttribute("d",
      outlines(m.entries.filter((entry) => entry[grid] === place)));
  }

  /* What happens in a cell, as text and colored numbers. */
  #sentence(at) {
    const m = this.#now, { grid, r, c } = at, pairs = [...meetings(m, at)];
    const given = m.given(grid, r, c), isOutput = grid === "output";
    const name = (grid, r, c) =>
      m.given(grid, r, c) === undefined ? (grid === "output" ? TEXT.cropped : TEXT.put)
        : `${LETTER[grid]}[${m.index[grid](r)}, ${m.index[grid](c)}]`;
    const spot = name(grid, r, c);
    const shown = isOutput ? pairs : pairs.slice(0, 16);
    const terms = shown.flatMap((pair, index) => {
      const [x, k] = factors(m, pair);
      return [index ? (isOutput ? " + " : ", ") : "", colored("input", write(x)), "·",
        colored("kernel", k < 0 ? `(${write(k)})` : write(k)),
        isOutput ? "" : ` → ${name("output", pair[0].o, pair[1].o)}`];
    });
    if (!isOutput)
      return [`${spot} = ${write(given ?? 0)}: `, ...terms, pairs.length > 16 ? ", …" : ""];
    const sum = colored("output", write(valueAt(m, r, c)));
    return [`${spot} = `, ...terms, terms.length ? " = " : "", sum];
  }

  // -- what the reader does --

  #isEditable({ grid, r, c }) {
    const m = this.#now;
    return grid !== "output" && grid !== m.counted && m.given(grid, r, c) !== undefined;
  }

  #focus(at) {
    this.#focused = at;
    this.#hovered = undefined; // the pointer may rest while the keyboard moves on
    if (at) {
      this.#find(`.${at.grid} [tabindex="0"]`).tabIndex = -1;
      this.#cellAt(at).tabIndex = 0;
      this.#say(() => this.#find(".sum").textContent);
    }
    this.#mark();
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
    if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.tagName === "INPUT") {
      if (key === "Escape") target.value = target.defaultValue;
      if (key === "Escape" || key === "Enter") target.parentElement.focus();
      return;
    }
    const [from, to] = this.#now.range[at.grid], [down, right] = ARROWS[key] ?? [];
    if (ARROWS[key]) this.#cellAt({ ...at, r: at.r + down, c: at.c + right })?.focus();
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
    box.ariaLabel = TEXT[at.grid];
    box.defaultValue = this.#now.given(at.grid, at.r, at.c);
    box.addEventListener("blur", () => this.#enter(at, box.value, box.defaultValue));
    cell.replaceChildren(box);
    box.focus();
    if (text) box.value = text;
    else box.select();
  }

  #enter({ grid, r, c }, value, old) {
    const m = this.#now, text = value.trim().replace(",", ".").replace("−", "-");
    const rows = structuredClone(m[LETTER[grid]]), pinned = this.#pinned;
    if (isFine(text)) rows[m.index[grid](r)][m.index[grid](c)] = Number(text);
    if (isFine(text) && text !== old) this.#set({ [grid]: listed(rows) });
    else this.#drawNumbers(grid);
    if (!isFine(text)) this.#find(".adjusted").textContent =
      TEXT.wrong(LETTER[grid], short(text), TEXT.list(1, LARGEST_NUMBER), old);
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
    this.#step = step >= 0 && step < this.#steps ? step : null;
    if (isNew) this.#drawNumbers("output");
    this.#mark();
  }

  #go(by) {
    this.#pause();
    this.#moveTo(this.#step === null ? 0 : this.#step + by);
    this.#say(() => this.#find(".sum").textContent);
  }

  #play() {
    this.#timer = setInterval(() => {
      this.#moveTo(this.#step === null ? 0 : this.#step + 1);
      if (this.#step === null) this.#pause();
    }, 800);
    this.#find(".play").textContent = TEXT.pause;
  }

  #pause() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#find(".play").textContent = TEXT.play;
  }

  /* Tell a screen reader, once things have settled. */
  #say(words) {
    clearTimeout(this.#speaking);
    this.#speaking = setTimeout(() => { this.#find(".spoken").textContent = words(); }, 500);
  }

  // -- in words --

  #formula() {
    const { mode, input_size: n, kernel_size: k, stride: s, padding: p, dilation: d,
      output_padding, size } = this.#now;
    if (mode === "transposed")
      return `${TEXT.size} = (n − 1)·s − 2p + d·(k − 1) + output_padding + 1 = ` +
        `(${n} − 1)·${s} − 2·${p} + ${d}·(${k} − 1) + ${output_padding} + 1 = ${size}`;
    const inner = n + 2 * p - d * (k - 1) - 1, rest = inner % s;
    return `${TEXT.size} = ⌊(n + 2p − d·(k − 1) − 1) / s⌋ + 1 = ` +
      `⌊(${n} + 2·${p} − ${d}·(${k} − 1) − 1) / ${s}⌋ + 1 = ` +
      `⌊${inner} / ${s}⌋ + 1 = ${size}` + (rest ? TEXT.rest(rest) : "");
  }

  #call() {
    const m = this.#now, more = ["stride", "padding", "output_padding", "dilation"]
      .filter((name) => m[name] !== RANGES[name][2]).map((name) => `, ${name}=${m[name]}`);
    return `F.conv${m.mode === "conv" ? "" : "_transpose"}2d(X, K${more.join("")})`;
  }

  #program() {
    const tensor = (name) =>
      `${name} = torch.tensor([[${JSON.stringify(this.#now[name])}]]).double()\n`;
    return "import torch, torch.nn.functional as F\n" + tensor("X") + tensor("K") + this.#call();
  }

  async #copy(text) {
    const code = this.#find("code");
    try {
      await navigator.clipboard.writeText(text);
      this.#find(".hint").textContent = TEXT.copied;
    } catch { // not allowed here: the reader can
      code.textContent = text;
      getSelection().selectAllChildren(code);
    }
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

/* The outlines of matrix entries, as one path. */
const outlines = (entries) =>
  entries.map(({ output, input }) => `M${input} ${output}h1v1h-1z`).join("");

const colored = (role, text) => {
  const node = document.createElement("b");
  node.className = role;
  node.textContent = text;
  return node;
};

customElements.define("conv-explorer", ConvExplorer);
})();
