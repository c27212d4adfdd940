/* <conv-explorer>: a convolution or its transpose, cell by cell.

Attributes: mode ("conv" or "transposed"), input-size, kernel-size, stride, padding, dilation,
output-padding; input, kernel (a preset's name or the numbers, row by row); view ("numbers",
"counts", "zeros"), matrix. They hold the whole state: whatever the reader does sets attributes.
`result` says what is shown. __init__.py holds the same rules in Python.

The file has four parts: words, arithmetic, looks, element. It may run several times in a page,
because each output of a notebook carries it. */
(() => {
if (globalThis.customElements?.get("conv-explorer")) return;

// ---- Words: everything that is read, in one place, so that it can be translated ----

const TEXT = {
  conv: "convolution", transposed: "transposed convolution",
  input: "input X", kernel: "kernel K", output: "output Y", matrix: "matrix",
  examples: "examples", choose: "choose …", own: "own numbers", share: "share", copy: "copy code",
  copied: "copied, with its numbers", linked: "address copied", copyThis: "to copy:",
  back: "step back", forward: "step", play: "play", pause: "pause", all: "show all",
  step: (i, n) => `step ${i} of ${n}`,
  twin: "transpose it",
  views: { numbers: "numbers", counts: "overlap counts", zeros: "zeros inserted" },
  view: "view", size: (n) => `${n} × ${n}`,
  padded: (n) => `padded ${n} × ${n}`, spread: (n) => `zeros inserted ${n} × ${n}`,
  dilated: (n) => `dilated ${n} × ${n}`, flipped: "flipped",
  uncropped: (n) => `${n} × ${n} before cropping`,
  zero: "zero put in", cropped: "cropped away", unused: "not used",
  inputCounts: "windows over each cell", outputCounts: "stamps on each cell",
  dotted: "dotted: zeros put in", hatched: "hatched: cropped away or not used",
  bite: (value, why) => `at ${value}, ${why}`, transposedOnly: "only when transposed",
  leftOver: (n) => ` (the last ${n} rows and columns are not reached)`,
  uses: (n) => ` counts in ${n} outputs: `, into: (cell) => ` in ${cell}`,
  adds: (n) => ` adds to ${n} outputs: `, meets: (n) => ` is used ${n} times: `,
  none: " meets nothing", pinned: "pinned; Esc releases it",
  editable: "Enter or a second tap: change the number",
  hint: "Point at a cell, or tap it, to see what it is made of.",
  matrixSize: (name, rows, columns) => `${name}, ${rows} × ${columns}: a row for each output, ` +
    "a column for each input",
  mode: (given) => `mode=${given} is neither conv nor transposed; conv is used.`,
  noOutputPadding: (given) => `output_padding=${given} belongs to mode transposed; 0 is used.`,
  whole: (name, given, low, high, used) =>
    `${name}=${given} must be a whole number from ${low} to ${high}; ${used} is used.`,
  mended: (name, given, why, used) => `${name}=${given}: ${why}; ${used} is used.`,
  fit: (reach, width) => `the kernel spans ${reach} cells, the padded input only ${width}`,
  small: "output_padding must be smaller than stride or dilation",
  gone: "padding would crop the whole output away",
  large: (size, most) => `the output would have ${size} rows, and ${most} is the most drawn`,
  noView: (given, views) => `view=${given} is none of ${views}; numbers is used.`,
  noZeros: "view=zeros belongs to mode transposed; numbers is used.",
  noNumbers: (name, given, count, most, presets) => `${name}=${given} must be ${count} numbers ` +
    `of at most ${most} or one of ${presets}; counting is used.`,
  noNumber: (given, most) => `${given} must be a number of at most ${most}; nothing is changed.`,
};

// Dumoulin and Visin's cases, and those that the chapters speak of.
// mode, input size, kernel size, stride, padding, dilation, output padding; more attributes
const EXAMPLES = {
  "Convolution (Dumoulin and Visin)": {
    "no padding, unit strides": "conv 4 3 1 0 1 0",
    "arbitrary padding, unit strides": "conv 5 4 1 2 1 0",
    "half (same) padding": "conv 5 3 1 1 1 0",
    "full padding": "conv 5 3 1 2 1 0",
    "no padding, strides": "conv 5 3 2 0 1 0",
    "padding, strides": "conv 5 3 2 1 1 0",
    "padding, strides (odd)": "conv 6 3 2 1 1 0",
    "dilation": "conv 7 3 1 0 2 0",
  },
  "Transposed (Dumoulin and Visin)": {
    "no padding, unit strides, transposed": "transposed 2 3 1 0 1 0",
    "arbitrary padding, unit strides, transposed": "transposed 6 4 1 2 1 0",
    "half (same) padding, transposed": "transposed 5 3 1 1 1 0",
    "full padding, transposed": "transposed 7 3 1 2 1 0",
    "no padding, strides, transposed": "transposed 2 3 2 0 1 0",
    "padding, strides, transposed": "transposed 3 3 2 1 1 0",
    "padding, strides, transposed (odd)": "transposed 3 3 2 1 1 1",
  },
  "Doubling the size": {
    "kernel 2, stride 2": "transposed 4 2 2 0 1 0",
    "kernel 4, stride 2, padding 1": "transposed 4 4 2 1 1 0",
    "kernel 3, stride 2, padding 1, output_padding 1": "transposed 4 3 2 1 1 1",
    "bilinear": "transposed 4 4 2 1 1 0 kernel=bilinear input=ones",
  },
  "Sizes that collapse": {
    "16 becomes 6": "conv 16 5 3 2 1 0",
    "17 becomes 6": "conv 17 5 3 2 1 0",
    "18 becomes 6": "conv 18 5 3 2 1 0",
    "6 becomes 16": "transposed 6 5 3 2 1 0",
    "6 becomes 17": "transposed 6 5 3 2 1 1",
    "6 becomes 18": "transposed 6 5 3 2 1 2",
  },
  "Checkerboard": {
    "kernel 3, stride 2: uneven": "transposed 5 3 2 0 1 0 input=ones kernel=ones view=counts",
    "kernel 4, stride 2: even": "transposed 5 4 2 0 1 0 input=ones kernel=ones view=counts",
    "kernel 5, stride 3: uneven": "transposed 4 5 3 0 1 0 input=ones kernel=ones view=counts",
  },
  "Kernels": {
    "edge": "conv 8 3 1 0 1 0 input=step kernel=edge",
    "blur": "conv 8 3 1 1 1 0 input=step kernel=blur",
    "one impulse shows the flip": "conv 5 3 1 1 1 0 input=impulse",
  },
};

// ---- Arithmetic: the same as in __init__.py ----

const RANGES = { // smallest, largest, default
  inputSize: [1, 18, 5], kernelSize: [1, 8, 3], stride: [1, 6, 1],
  padding: [0, 9, 0], dilation: [1, 6, 1], outputPadding: [0, 5, 0],
};
const NAMES = Object.keys(RANGES);
const VIEWS = ["numbers", "counts", "zeros"];
const LARGEST_OUTPUT = 64, LARGEST_NUMBER = 999;
// On a tie the earlier one moves: the sizes last, they are what a reader looks at.
const MENDING_ORDER =
  ["outputPadding", "padding", "dilation", "kernelSize", "stride", "inputSize"];
const NUMBER = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i;

const snake = (name) => name.replace(/[A-Z]/g, (letter) => "_" + letter.toLowerCase());
const kebab = (name) => snake(name).replace("_", "-");
const short = (given) => [...given].slice(0, 20).join("");

const counting = (base) => (i, j, n) =>
  (i * n + j + Math.floor((i * n + j) / base)) % base;
const ones = () => 1;
const impulse = (i, j, n) => +(i === j && i === n >> 1);
const binomial = (n, k) => k < 0 || k > n ? 0 : k === 0 ? 1 : binomial(n - 1, k - 1) * n / k;
const INPUTS = { counting: counting(10), ones, impulse, step: (i, j, n) => +(2 * j >= n) };
const KERNELS = {
  counting: counting(4), ones, impulse,
  edge: (i, j, n) => { // smooth down the columns, difference along the rows
    const m = Math.max(n - 2, 0);
    return binomial(n - 1, i) * (binomial(m, j) - binomial(m, j - 1));
  },
  blur: (i, j, n) => binomial(n - 1, i) * binomial(n - 1, j) / 4 ** (n - 1),
  bilinear: (i, j, n) => {
    const factor = (n + 1) >> 1, weight = (t) => 1 - Math.abs(t - (n - 1) / 2) / factor;
    return weight(i) * weight(j);
  },
};

const reachOf = (s) => s.dilation * (s.kernelSize - 1) + 1;
const outputSize = (s) => s.mode === "conv"
  ? Math.floor((s.inputSize + 2 * s.padding - reachOf(s)) / s.stride) + 1
  : (s.inputSize - 1) * s.stride + reachOf(s) - 2 * s.padding + s.outputPadding;

/* Rank and wording of the first rule that a state breaks, or null. */
function broken(s) {
  if (s.mode === "conv") {
    const reach = reachOf(s), width = s.inputSize + 2 * s.padding;
    return reach > width ? [1, TEXT.fit(reach, width)] : null;
  }
  if (s.outputPadding >= Math.max(s.stride, s.dilation)) return [1, TEXT.small];
  const size = outputSize(s);
  if (size < 1) return [2, TEXT.gone];
  return size > LARGEST_OUTPUT ? [3, TEXT.large(size, LARGEST_OUTPUT)] : null;
}

/* The smallest change of one value that gets past the rule of this rank. */
function mending(s, rank) {
  for (let distance = 1; distance < LARGEST_OUTPUT; distance++)
    for (const name of MENDING_ORDER)
      for (const value of [s[name] - distance, s[name] + distance]) {
        const [low, high] = RANGES[name];
        if (value < low || value > high) continue;
        const still = broken({ ...s, [name]: value });
        if (!still || still[0] > rank) return [name, value];
      }
}

/* The valid state nearest to what the attributes say; `say` is told every difference. */
function settle(read, say) {
  let mode = (read("mode") ?? "conv").trim();
  if (mode !== "conv" && mode !== "transposed") {
    say(TEXT.mode(short(mode)));
    mode = "conv";
  }
  const s = { mode };
  for (const name of NAMES) {
    const [low, high, normal] = RANGES[name];
    const text = (read(kebab(name)) ?? String(normal)).trim(), isNumber = NUMBER.test(text);
    if (mode === "conv" && name === "outputPadding") {
      s[name] = 0;
      if (!isNumber || Number(text) !== 0) say(TEXT.noOutputPadding(short(text)));
      continue;
    }
    const clamped = Math.min(Math.max(Number(text), low), high);
    s[name] = isNumber ? Math.floor(clamped + 0.5) : normal;
    if (!isNumber || Number(text) !== s[name])
      say(TEXT.whole(snake(name), short(text), low, high, s[name]));
  }
  for (let rule; (rule = broken(s));) {
    const [name, value] = mending(s, rule[0]);
    say(TEXT.mended(snake(name), s[name], rule[1], value));
    s[name] = value;
  }
  return s;
}

/* size × size numbers, from the name of a preset or a list of them in row order. */
function numbers(name, text, size, presets, say) {
  text = text.trim();
  if (!Object.hasOwn(presets, text)) {
    const words = text.split(/[\s,;]+/).filter(Boolean);
    if (words.length === size * size &&
        words.every((word) => NUMBER.test(word) && Math.abs(Number(word)) <= LARGEST_NUMBER))
      return square(size, (i, j) => Number(words[i * size + j]));
    say(TEXT.noNumbers(name, short(text), size * size, LARGEST_NUMBER,
      Object.keys(presets).join(", ")));
    text = "counting";
  }
  return square(size, (i, j) => presets[text](i, j, size));
}

const square = (size, value, from = 0) => Array.from({ length: size }, (_, i) =>
  Array.from({ length: size }, (_, j) => value(i + from, j + from)));

/* Along one axis, everything there is to know about the operation: which input i meets which
weight a at which output o, with kernel cell k where that weight is drawn. A convolution links
i + padding = o·stride + a·dilation; its transpose has i and o exchanged. With zeros inserted, i
counts cells of the spread input, and the flipped kernel slides over it. */
function links(s, zeros) {
  const { stride, padding, dilation, kernelSize } = s, list = [];
  const slides = s.mode === "conv" || zeros;
  for (let t = 0; t < (slides ? outputSize(s) : s.inputSize); t++)
    for (let step = 0; step < kernelSize; step++) {
      const a = zeros ? kernelSize - 1 - step : step;
      list.push(zeros ? { i: t + padding - a * dilation, a, k: step * dilation, o: t }
        : slides ? { i: t * stride + a * dilation - padding, a, k: a * dilation, o: t }
        : { i: t, a, k: a * dilation, o: t * stride + a * dilation - padding });
    }
  return list;
}

/* Everything that is drawn, from the attributes. */
function modelOf(read) {
  const reasons = [], say = (sentence) => reasons.push(sentence);
  const s = settle(read, say);
  let view = (read("view") ?? "numbers").trim();
  if (!VIEWS.includes(view)) say(TEXT.noView(short(view), VIEWS.join(", ")));
  else if (view === "zeros" && s.mode === "conv") say(TEXT.noZeros);
  if (!VIEWS.includes(view) || (view === "zeros" && s.mode === "conv")) view = "numbers";
  const X = numbers("input", read("input") ?? "counting", s.inputSize, INPUTS, say);
  const K = numbers("kernel", read("kernel") ?? "counting", s.kernelSize, KERNELS, say);

  const conv = s.mode === "conv", zeros = view === "zeros";
  const size = outputSize(s), reach = reachOf(s), lost = reach - 1 - s.padding;
  const spread = (s.inputSize - 1) * s.stride;
  const m = { ...s, view, zeros, X, K, size, reach, reason: reasons.join(" ") };
  m.links = links(s, zeros);
  m.from = { // the first and the last row of each grid; row 0 is the first of X, K or Y
    input: conv ? -s.padding : zeros ? Math.min(0, -lost) : 0, kernel: 0,
    output: conv || zeros ? 0 : -s.padding,
  };
  m.to = {
    input: conv ? s.inputSize - 1 + s.padding
      : zeros ? Math.max(spread, size - 1 + s.padding) : s.inputSize - 1,
    kernel: reach - 1,
    output: conv || zeros ? size - 1 : size - 1 + s.padding,
  };
  m.index = { // the row of X, K or Y that a row of a grid shows; no index where a zero was put in
    input: (r) => zeros ? r / s.stride : r,
    kernel: (r) => zeros ? s.kernelSize - 1 - r / s.dilation : r / s.dilation,
    output: (r) => r,
  };
  m.at = (grid, r, c) => { // the number of X or K that is shown there, or undefined
    const at = m.index[grid];
    return (grid === "input" ? X : K)[at(r)]?.[at(c)];
  };
  m.by = {}; // the links of one row of one grid: m.by.o.get(2)
  for (const end of ["i", "k", "o"]) m.by[end] = Map.groupBy(m.links, (link) => link[end]);
  m.full = square(m.to.output - m.from.output + 1, (r, c) => valueAt(m, r, c), m.from.output);
  m.Y = m.full.slice(-m.from.output).slice(0, size)
    .map((row) => row.slice(-m.from.output).slice(0, size));
  return m;
}

const END = { input: "i", kernel: "k", output: "o" };
const LETTER = { input: "X", kernel: "K", output: "Y" };
const linksOf = (m, grid, row) => m.by[END[grid]].get(row) ?? [];

/* All that meets in a cell of a grid: pairs of links, one for the row and one for the column. */
function* meetings(m, { grid, r, c }) {
  for (const row of linksOf(m, grid, r))
    for (const column of linksOf(m, grid, c)) yield [row, column];
}

const factors = (m, [row, column]) =>
  [m.at("input", row.i, column.i) ?? 0, m.K[row.a][column.a]];

/* An output: the sum of its products, or of those alone that the step `until` has reached. */
function valueAt(m, r, c, until = Infinity) {
  let sum = 0;
  const columns = linksOf(m, "output", c);
  for (const row of linksOf(m, "output", r)) {
    const weights = m.K[row.a];
    for (const column of columns)
      if (until === Infinity || row.i * m.inputSize + column.i <= until)
        sum += (m.at("input", row.i, column.i) ?? 0) * weights[column.a];
  }
  return sum;
}

/* The side of the slider: how far a value can go before a rule is broken, and the rule. */
function limit(s, name, direction) {
  const [low, high] = RANGES[name];
  for (let value = s[name] + direction; low <= value && value <= high; value += direction) {
    const rule = broken({ ...s, [name]: value });
    if (rule) return [value - direction, TEXT.bite(value, rule[1])];
  }
  return [direction < 0 ? low : high, ""];
}

const write = (value, digits = 4) =>
  String(+value.toFixed(digits) + 0).replace("-", "−");
const listed = (rows) => rows.flat().join(" ");

// ---- Looks: the same colors and signs as in the book's diagrams ----

const STYLE = `
:host { display: block; container-type: inline-size; margin: 1.5rem 0; line-height: 1.4;
  --input: #0072B2; --kernel: #E69F00; --output: #009E73; --marked: #D55E00;
  --faint: color-mix(in srgb, currentColor 70%, transparent);
  --line: color-mix(in srgb, currentColor 25%, transparent);
  font-variant-numeric: tabular-nums; }
:host([hidden]) { display: none; }
.input { --hue: var(--input); }
.kernel { --hue: var(--kernel); }
.output { --hue: var(--output); }
.bar, .sliders, .stage, .lines { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem;
  align-items: center; }
.bar { margin: .5rem 0; }
label { cursor: pointer; }
label, button, select { min-height: 28px; display: inline-flex; gap: .4rem; align-items: center; }
button, select { font: inherit; font-size: .9em; color: inherit; background: none; padding: 0 .6rem;
  border: 1px solid var(--faint); border-radius: 4px; cursor: pointer; max-width: 100%; }
select option, optgroup { color: CanvasText; background: Canvas; }
button:hover { background: color-mix(in srgb, currentColor 8%, transparent); }
:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
input { accent-color: var(--input); margin: 0; }
.sliders { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr));
  align-items: start; }
.slider label { display: flex; justify-content: space-between; min-height: 0;
  font-family: ui-monospace, monospace; font-size: .85em; }
.slider input { width: 100%; height: 28px; }
.slider small { display: block; min-height: 2.6em; font-size: .75em; line-height: 1.3;
  color: var(--faint); }
.adjusted:not(:empty) { border-left: 3px solid var(--marked); padding-left: .6rem; }
p { margin: .4rem 0; overflow-wrap: anywhere; }
.stage { justify-content: safe center; gap: .75rem; margin: .75rem 0;
  --c: clamp(max(24px, var(--digits) * 8px + 4px), (100cqi - 6px) / var(--cells), 36px); }
.grid { max-width: 100%; text-align: center; }
.caption { font-weight: bold; font-size: .95em; }
.caption small { display: block; font-weight: normal; font-size: .85em; min-height: 1.4em; }
.sign { font-size: 1.6em; }
.scroll { overflow-x: auto; padding: 4px; text-align: left; }
.cells { width: max-content; margin: 0 auto; }
.row { display: flex; height: var(--c); }
.cell { position: relative; box-sizing: border-box; flex: none; width: var(--c); height: var(--c);
  display: flex; align-items: center; justify-content: center; font-size: 13px; line-height: 1;
  border: 1px solid color-mix(in srgb, var(--hue) 75%, currentColor); cursor: pointer;
  border-width: 1px 0 0 1px; touch-action: manipulation; user-select: none;
  background-color: color-mix(in srgb, var(--hue) 18%, transparent); }
.cell:last-child { border-right-width: 1px; }
.row:last-child .cell { border-bottom-width: 1px; }
.cell.zero { background-color: transparent; color: var(--faint);
  border-style: dotted; }
.cell.unused { color: var(--faint); background-image: repeating-linear-gradient(-45deg,
  transparent 0 6px, color-mix(in srgb, currentColor 40%, transparent) 6px 7px); }
.cell.heat { background-color: color-mix(in srgb, var(--hue) var(--heat), transparent); }
.cell.lit { box-shadow: inset 0 0 0 2px var(--marked); color: inherit; }
.cell.lit:not(.zero, .heat) {
  background-color: color-mix(in srgb, var(--hue) 42%, transparent); }
.cell.marked { box-shadow: inset 0 0 0 3.5px var(--marked); font-weight: bold; color: inherit; }
.cell:focus-visible { outline-offset: 1px; z-index: 1; }
.cell[data-plus] { padding-bottom: 10px; }
.cell[data-plus]::after { content: attr(data-plus); position: absolute; bottom: 4px; left: 0;
  right: 0; text-align: center; font-size: 10px; font-weight: normal; }
.cell input { width: 100%; height: 100%; box-sizing: border-box; border: 0; padding: 0;
  text-align: center; font: inherit; color: inherit; background: transparent; outline: 0; }
.matrix svg { display: block; margin: 0 auto; max-width: 100%; height: auto; overflow: visible; }
.matrix .frame { fill: none; stroke: var(--faint); }
.matrix .entries { fill: color-mix(in srgb, var(--kernel) 75%, currentColor); fill-opacity: .35; }
.matrix .digits .entries { fill-opacity: .18; }
.matrix .strip { fill: var(--marked); fill-opacity: .12; stroke: var(--marked); }
.matrix .lit { fill: var(--marked); fill-opacity: .55; }
.matrix .digits .lit { fill: none; stroke: var(--marked); }
.matrix [stroke], .matrix .frame, .matrix .strip, .matrix .lit { stroke-width: 2px;
  vector-effect: non-scaling-stroke; }
.matrix text { fill: currentColor; font-size: .5px; text-anchor: middle;
  dominant-baseline: central; }
.sum { min-height: 2.8em; text-align: center; }
.sum b, .code { font-weight: normal; color: color-mix(in srgb, var(--hue, currentColor) 55%, currentColor); }
.sum b.output { font-weight: bold; }
.note { text-align: center; font-size: .85em; color: var(--faint); min-height: 1.4em; }
.lines { justify-content: space-between; }
.code { font-family: ui-monospace, monospace; font-size: .9em; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
@media (prefers-reduced-motion: no-preference) {
  .cell { transition: background-color .12s, box-shadow .12s; } }
@media print { .controls { display: none; } .scroll { overflow: visible; }
  .cell { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .stage { break-inside: avoid; } }
`;
const SHEET = new CSSStyleSheet();
SHEET.replaceSync(STYLE);

const options = (names) => names.map((name) => `<option>${name}</option>`).join("");
const SKELETON = `
<div class="controls">
  <div class="bar">
    <label><input type="radio" name="mode" value="conv">${TEXT.conv}</label>
    <label><input type="radio" name="mode" value="transposed">${TEXT.transposed}</label>
    <button class="twin">${TEXT.twin}</button>
    <label>${TEXT.examples} <select class="examples"><option value="">${TEXT.choose}</option>
      ${Object.entries(EXAMPLES).map(([group, cases]) => `<optgroup label="${group}">` +
        options(Object.keys(cases)) + "</optgroup>").join("")}</select></label>
  </div>
  <div class="sliders">${NAMES.map((name) => `<div class="slider">
    <label for="${name}">${snake(name)} <output></output></label>
    <input type="range" id="${name}" aria-describedby="why-${name}">
    <small id="why-${name}"></small></div>`).join("")}</div>
  <div class="bar">
    <label>${TEXT.input} <select class="preset" name="input">${options(Object.keys(INPUTS))}
      <option value="" hidden>${TEXT.own}</option></select></label>
    <label>${TEXT.kernel} <select class="preset" name="kernel">${options(Object.keys(KERNELS))}
      <option value="" hidden>${TEXT.own}</option></select></label>
    <label>${TEXT.view} <select class="view">${VIEWS.map((view) =>
      `<option value="${view}">${TEXT.views[view]}</option>`).join("")}</select></label>
    <label><input type="checkbox" class="wide">${TEXT.matrix}</label>
  </div>
</div>
<p class="adjusted"></p>
<div class="stage">${["input", "kernel", "output"].map((name, index) => `
  ${index ? `<span class="sign" aria-hidden="true">=</span>` : ""}
  <div class="grid ${name}"><div class="caption" id="name-${name}">${TEXT[name]}
    <small></small></div><div class="scroll"><div class="cells" role="grid"
    aria-labelledby="name-${name}"></div></div></div>`).join("")}
  <div class="matrix" hidden><div class="caption"><small></small></div><div class="drawing"></div>
  </div>
</div>
<p class="sum"></p><p class="note"></p>
<div class="bar controls">
  <button class="back">‹ ${TEXT.back}</button><button class="play"></button>
  <button class="forward">${TEXT.forward} ›</button><button class="all">${TEXT.all}</button>
  <span class="progress"></span>
</div>
<p class="formula"></p>
<div class="lines"><code class="code"></code><span class="bar controls">
  <button class="copy">${TEXT.copy}</button><button class="share">${TEXT.share}</button></span></div>
<textarea class="fallback" readonly hidden aria-label="${TEXT.copyThis}"></textarea>
<div class="spoken" aria-live="polite"></div>`;

// ---- Element ----

const ATTRIBUTES = ["mode", ...NAMES.map(kebab), "input", "kernel", "view", "matrix"];
const GRIDS = ["input", "kernel", "output"];
const FRAMED = globalThis.top !== globalThis.self; // the address of a frame is of no use
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

class ConvExplorer extends HTMLElement {
  static observedAttributes = ATTRIBUTES;
  #model = null; // null: some attribute has changed since
  #awaited = false; // a drawing
  #cells = {}; // of each grid: rows of elements, each of which knows its place in `at`
  #marks = []; // elements that carry a mark
  #pinned = null; #hovered = null; #focused = null; #step = null;
  #example = ""; // the one that is shown, until something changes
  #timer = 0; #speaking = 0; #saving = 0;

  get result() {
    const { mode, X, K, Y, reason } = this.#current;
    const sizes = Object.fromEntries(NAMES.map((name) => [name, this.#current[name]]));
    return structuredClone(
      { mode, ...sizes, input: X, kernel: K, output: Y, adjusted: reason !== "", reason });
  }

  get #current() { return this.#model ??= modelOf((name) => this.getAttribute(name)); }

  connectedCallback() {
    if (!this.shadowRoot) this.#build();
    this.#readAddress();
    addEventListener("hashchange", this.#readAddress);
    this.#await();
  }

  disconnectedCallback() {
    removeEventListener("hashchange", this.#readAddress);
    this.#pause();
  }

  attributeChangedCallback() {
    this.#model = null;
    this.#await();
  }

  /* Draw once, however many attributes change. */
  #await() {
    if (this.#awaited || !this.shadowRoot) return;
    this.#awaited = true;
    queueMicrotask(() => { this.#awaited = false; this.#draw(); });
  }

  #find(selector) { return this.shadowRoot.querySelector(selector); }

  #build() {
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [SHEET];
    root.innerHTML = SKELETON;
    const on = (selector, type, react) =>
      root.querySelectorAll(selector).forEach((node) => node.addEventListener(type, react));
    on("[name=mode]", "change", (event) => this.#change({ mode: event.target.value }));
    on("[type=range]", "input", (event) =>
      this.#change({ [event.target.id]: Number(event.target.value) }));
    on(".twin", "click", () => this.#transpose());
    on(".examples", "change", (event) => this.#show(event.target));
    on(".preset", "change", (event) => this.#set({ [event.target.name]: event.target.value }));
    on(".view", "change", (event) => this.#set({ view: event.target.value }));
    on(".wide", "change", (event) => this.toggleAttribute("matrix", event.target.checked));
    on(".back", "click", () => this.#go(-1));
    on(".forward", "click", () => this.#go(1));
    on(".play", "click", () => this.#timer ? this.#pause() : this.#play());
    on(".all", "click", () => { this.#release(); this.#drawOutput(); });
    on(".copy", "click", () => this.#copy(this.#program(), TEXT.copied));
    on(".share", "click", () => { this.#writeAddress(true); this.#copy(location.href, TEXT.linked); });
    const stage = this.#find(".stage");
    const place = (event) => event.target.closest?.(".cell")?.at ?? null;
    stage.addEventListener("pointerover", (event) => {
      if (event.pointerType !== "touch") { this.#hovered = place(event); this.#mark(); }
    });
    stage.addEventListener("pointerleave", () => { this.#hovered = null; this.#mark(); });
    stage.addEventListener("focusin", (event) => this.#focus(place(event)));
    stage.addEventListener("focusout", () => { this.#focused = null; this.#mark(); });
    stage.addEventListener("click", (event) => {
      const at = place(event);
      if (at && event.target.tagName !== "INPUT") this.#tap(at);
    });
    stage.addEventListener("keydown", (event) => this.#key(event, place(event)));
  }

  // -- state --

  /* Set attributes; undefined removes one. */
  #set(values) {
    this.#release();
    this.#example = "";
    for (const [name, value] of Object.entries(values))
      if (value === undefined) this.removeAttribute(name);
      else this.setAttribute(name, value);
    this.#saving ||= setTimeout(() => { this.#saving = 0; this.#writeAddress(false); }, 300);
    this.#say(() => `${TEXT.output} ${TEXT.size(this.#current.size)}. ${this.#current.reason}`);
  }

  /* Move to another state. Own numbers stay where they are; new ones are zeros. */
  #change(values) {
    const old = this.#current, s = { mode: old.mode, view: old.view };
    for (const name of NAMES) s[name] = old[name];
    Object.assign(s, values);
    if (s.mode === "conv") { s.outputPadding = 0; if (s.view === "zeros") s.view = "numbers"; }
    for (const [name, size, grid] of
      [["input", s.inputSize, old.X], ["kernel", s.kernelSize, old.K]])
      if (this.#isOwn(name) && size !== grid.length)
        s[name] = listed(square(size, (i, j) => grid[i]?.[j] ?? 0));
    this.#set(Object.fromEntries(Object.entries(s).map(([name, v]) => [kebab(name), v])));
  }

  #isOwn(name) {
    const text = this.getAttribute(name)?.trim() ?? "counting";
    return !Object.hasOwn(name === "input" ? INPUTS : KERNELS, text);
  }

  /* The adjoint of what is shown: it takes an output of this one back to the input's size. */
  #transpose() {
    const { mode, size, inputSize } = this.#current;
    const twin = { mode: mode === "conv" ? "transposed" : "conv", inputSize: size };
    const least = outputSize({ ...this.#current, ...twin, outputPadding: 0 });
    this.#change({ ...twin, outputPadding: mode === "conv" ? inputSize - least : 0 });
  }

  #show(select) {
    const group = select.selectedOptions[0].parentElement.label;
    const [mode, ...words] = (EXAMPLES[group]?.[select.value] ?? "").split(" ");
    if (!mode) return;
    const more = Object.fromEntries(words.slice(NAMES.length).map((word) => word.split("=")));
    const sizes = Object.fromEntries(NAMES.map((name, index) => [kebab(name), words[index]]));
    this.#set({ mode, ...sizes, input: undefined, kernel: undefined, view: undefined, ...more });
    this.#example = select.value;
  }

  // -- drawing --

  #draw() {
    const m = this.#current;
    for (const radio of this.shadowRoot.querySelectorAll("[name=mode]"))
      radio.checked = radio.value === m.mode;
    for (const name of NAMES) this.#drawSlider(name);
    for (const name of ["input", "kernel"])
      this.#find(`.preset[name=${name}]`).value =
        this.#isOwn(name) && !m.reason ? "" : this.getAttribute(name)?.trim() ?? "counting";
    this.#find(".view").value = m.view;
    this.#find(".view [value=zeros]").disabled = m.mode === "conv";
    this.#find(".wide").checked = this.hasAttribute("matrix");
    this.#find(".examples").value = this.#example;
    this.#find(".adjusted").textContent = m.reason;
    this.#find(".formula").textContent = this.#formula();
    this.#find(".code").textContent = this.#call();
    this.#find(".share").hidden = FRAMED || !this.#name;
    this.#find(".fallback").hidden = true;
    this.#find(".sign").textContent = m.mode === "conv" || m.zeros ? "⋆" : "⋆ᵀ";
    if (this.#step !== null && this.#step >= this.#steps) this.#release();
    this.#drawGrids();
    this.#drawMatrix();
    this.#mark();
  }

  #drawSlider(name) {
    const m = this.#current, slider = this.#find("#" + name);
    const off = m.mode === "conv" && name === "outputPadding";
    const [low, least] = limit(m, name, -1), [high, most] = limit(m, name, 1);
    slider.disabled = off;
    slider.min = low;
    slider.max = off ? 0 : high;
    slider.value = m[name];
    slider.previousElementSibling.firstElementChild.textContent = m[name];
    slider.nextElementSibling.textContent = off ? TEXT.transposedOnly
      : [m[name] === low && least, m[name] === high && most].filter(Boolean).join("; ");
  }

  #drawGrids() {
    const m = this.#current, stage = this.#find(".stage");
    const side = (name) => m.to[name] - m.from[name] + 1;
    const notes = {
      input: [TEXT.size(m.inputSize), m.zeros ? TEXT.spread(side("input"))
        : m.mode === "conv" && m.padding && TEXT.padded(side("input")),
        m.view === "counts" && m.mode === "conv" && TEXT.inputCounts],
      kernel: [TEXT.size(m.kernelSize), m.dilation > 1 && m.kernelSize > 1 && TEXT.dilated(m.reach),
        m.zeros && TEXT.flipped],
      output: [TEXT.size(m.size), side("output") > m.size && TEXT.uncropped(side("output")),
        m.view === "counts" && m.mode !== "conv" && TEXT.outputCounts],
    };
    for (const name of GRIDS) {
      this.#find(`#name-${name} small`).textContent = notes[name].filter(Boolean).join(", ");
      this.#resize(name, side(name));
    }
    this.#drawNumbers("input");
    this.#drawNumbers("kernel");
    this.#drawOutput();
    const texts = GRIDS.flatMap((name) => this.#cells[name].flat()).map((cell) => cell.textContent);
    stage.style.setProperty("--digits", Math.max(...texts.map((text) => text.length)));
    stage.style.setProperty("--cells", Math.max(...GRIDS.map(side)));
  }

  /* Make a grid of so many rows and columns, unless it has them. */
  #resize(name, side) {
    const from = this.#current.from[name];
    let rows = this.#cells[name];
    if (rows?.length !== side) {
      const make = (type, role) => {
        const node = document.createElement("div");
        node.className = type;
        node.setAttribute("role", role);
        return node;
      };
      rows = this.#cells[name] = square(side, () => make("cell", "gridcell"));
      this.#find(`.${name} .cells`).replaceChildren(...rows.map((cells) => {
        const row = make("row", "row");
        row.append(...cells);
        return row;
      }));
    }
    rows.forEach((row, r) => row.forEach((cell, c) => {
      cell.at = { grid: name, r: r + from, c: c + from };
      cell.tabIndex = r === -from && c === -from ? 0 : -1;
    }));
  }

  #drawNumbers(name) {
    const m = this.#current;
    const counts = m.view === "counts" && name === (m.mode === "conv" ? "input" : "output");
    const meet = ({ r, c }) => linksOf(m, name, r).length * linksOf(m, name, c).length;
    const most = counts && Math.max(...this.#cells[name].flat().map((cell) => meet(cell.at)));
    for (const row of this.#cells[name])
      for (const cell of row) {
        const { r, c } = cell.at;
        const value = name === "output" ? this.#outputAt(r, c) : m.at(name, r, c) ?? 0;
        const isZero = name === "output" ? !meet(cell.at) : m.at(name, r, c) === undefined;
        const outside = name === "output" && !(r in m.Y && c in m.Y);
        const isUnused = outside || (name === "input" && !meet(cell.at));
        const text = counts ? String(meet(cell.at)) : value === null ? "" : write(value, 2);
        if (cell.textContent !== text) cell.textContent = text;
        const look = "cell" + (isZero ? " zero" : "") + (isUnused ? " unused" : "") +
          (counts ? " heat" : "");
        if (cell.className !== look) cell.className = look;
        if (counts) cell.style.setProperty("--heat", `${4 + 50 * meet(cell.at) / most}%`);
        const what = isUnused ? (name === "output" ? TEXT.cropped : TEXT.unused)
          : isZero ? TEXT.zero : "";
        if (what) cell.setAttribute("aria-label", `${text} ${what}`);
        else cell.removeAttribute("aria-label");
      }
  }

  #drawOutput() {
    this.#drawNumbers("output");
    this.#mark();
  }

  /* The output as far as the step has come: null where no window has been yet. */
  #outputAt(r, c) {
    const m = this.#current, step = this.#step;
    if (step === null) return m.full[r - m.from.output][c - m.from.output];
    if (this.#scatters) return valueAt(m, r, c, step);
    return r * m.size + c <= step ? m.full[r][c] : null;
  }

  #drawMatrix() {
    const m = this.#current, shown = this.hasAttribute("matrix");
    this.#find(".matrix").hidden = !shown;
    if (!shown) return;
    const rows = m.size ** 2, columns = m.inputSize ** 2, side = Math.max(rows, columns);
    const unit = Math.min(24, Math.max(2, 300 / side)), digits = side <= 25;
    const inside = (link) => link.i in m.X && link.o in m.Y;
    const axis = links(m, false).filter(inside);
    m.entries = axis.flatMap((r) => axis.map((c) => ({
      row: r.o * m.size + c.o, column: r.i * m.inputSize + c.i, a: r.a, b: c.a })));
    const texts = digits ? m.entries.map(({ row, column, a, b }) =>
      `<text x="${column + 0.5}" y="${row + 0.5}">${write(m.K[a][b], 2)}</text>`) : [];
    const name = m.mode === "conv" ? "W" : "Wᵀ";
    const title = TEXT.matrixSize(name, rows, columns);
    this.#find(".matrix small").textContent = title;
    this.#find(".matrix .drawing").innerHTML = `<svg role="img" aria-label="${title}"
      viewBox="0 0 ${columns} ${rows}" width="${columns * unit}" height="${rows * unit}"
      class="${digits ? "digits" : ""}"><path class="entries" d="${boxes(m.entries)}"/>
      <rect class="frame" width="${columns}" height="${rows}"/><rect class="strip"/>
      <path class="lit"/>${texts.join("")}</svg>`;
  }

  // -- marks --

  get #scatters() { const m = this.#current; return m.mode === "transposed" && !m.zeros; }

  get #steps() { const m = this.#current; return (this.#scatters ? m.inputSize : m.size) ** 2; }

  /* The cell that is looked at: of the step, pinned, under the pointer, focused, or the middle. */
  get #looked() {
    const m = this.#current;
    if (this.#step !== null) {
      const side = this.#scatters ? m.inputSize : m.size;
      return { grid: this.#scatters ? "input" : "output",
        r: Math.floor(this.#step / side), c: this.#step % side };
    }
    const exists = (at) => at && at.r >= m.from[at.grid] && at.r <= m.to[at.grid] &&
      at.c >= m.from[at.grid] && at.c <= m.to[at.grid];
    if (!exists(this.#pinned)) this.#pinned = null;
    const middle = (m.size - 1) >> 1;
    return [this.#pinned, this.#hovered, this.#focused].find(exists) ??
      { grid: "output", r: middle, c: middle };
  }

  #cellAt({ grid, r, c }) {
    const from = this.#current.from[grid];
    return this.#cells[grid][r - from]?.[c - from];
  }

  #mark() {
    if (!this.#cells.output) return;
    const m = this.#current, at = this.#looked, lit = new Set(), own = this.#cellAt(at);
    for (const cell of this.#marks) {
      cell.classList.remove("lit", "marked");
      cell.removeAttribute("data-plus");
      cell.removeAttribute("aria-selected");
    }
    for (const pair of meetings(m, at)) {
      const [row, column] = pair;
      for (const grid of GRIDS) {
        if (grid === at.grid) continue;
        const cell = this.#cellAt({ grid, r: row[END[grid]], c: column[END[grid]] });
        if (!cell) continue;
        lit.add(cell);
        if (this.#scatters && at.grid === "input" && grid === "output" && m.view === "numbers") {
          const [x, k] = factors(m, pair);
          cell.dataset.plus = (x * k < 0 ? "" : "+") + write(x * k, 2);
        }
      }
    }
    for (const cell of lit) cell.classList.add("lit");
    own.classList.add("marked");
    this.#marks = [...lit, own];
    if (this.#pinned) own.setAttribute("aria-selected", "true");
    this.#find(".sum").replaceChildren(...this.#sentence(at));
    this.#drawNote(at);
    this.#markMatrix(at);
  }

  #drawNote({ grid, r, c }) {
    const m = this.#current, editable = this.#isEditable({ grid, r, c });
    const classes = new Set(GRIDS.flatMap((name) => this.#cells[name].flat())
      .flatMap((cell) => [...cell.classList]));
    const notes = [classes.has("zero") && TEXT.dotted, classes.has("unused") && TEXT.hatched,
      this.#pinned && TEXT.pinned, (this.#pinned || this.#focused) && editable && TEXT.editable,
      !this.#pinned && !this.#focused && !this.#hovered && TEXT.hint];
    this.#find(".note").textContent = notes.filter(Boolean).join(" · ");
    this.#find(".play").textContent = this.#timer ? TEXT.pause : TEXT.play;
    this.#find(".back").disabled = !this.#step;
    this.#find(".all").disabled = this.#step === null;
    this.#find(".progress").textContent =
      this.#step === null ? "" : TEXT.step(this.#step + 1, this.#steps);
  }

  #markMatrix({ grid, r, c }) {
    const m = this.#current, strip = this.#find(".strip");
    if (!strip || this.#find(".matrix").hidden) return;
    const row = m.index[grid](r), column = m.index[grid](c), side = { input: m.inputSize, output: m.size }[grid];
    const exists = row in m[LETTER[grid]] && column in m[LETTER[grid]];
    const place = exists ? row * side + column : -1;
    const isLit = {
      input: (entry) => entry.column === place, output: (entry) => entry.row === place,
      kernel: (entry) => entry.a === row && entry.b === column,
    }[grid];
    this.#find(".matrix .lit").setAttribute("d", boxes(m.entries.filter(isLit)));
    const box = !exists || grid === "kernel" ? [0, 0, 0, 0]
      : grid === "output" ? [0, place, m.inputSize ** 2, 1] : [place, 0, 1, m.size ** 2];
    ["x", "y", "width", "height"].forEach((name, index) => strip.setAttribute(name, box[index]));
  }

  /* What happens in a cell, as text and colored numbers. */
  #sentence(at) {
    const m = this.#current, { grid, r, c } = at, pairs = [...meetings(m, at)];
    const name = (letter, row, column) => `${letter}[${row}, ${column}]`;
    const spot = name(LETTER[grid], m.index[grid](r), m.index[grid](c));
    const product = (pair) => {
      const [x, k] = factors(m, pair);
      return [colored("input", write(x)), "·",
        colored("kernel", k < 0 ? `(${write(k)})` : write(k))];
    };
    if (grid === "output") {
      const outside = !(r in m.Y && c in m.Y);
      const terms = pairs.flatMap((pair) => [" + ", ...product(pair)]).slice(1);
      return [outside ? `${TEXT.cropped}: ` : `${spot} = `, ...terms, terms.length ? " = " : "",
        colored("output", write(valueAt(m, r, c)))];
    }
    const value = m.at(grid, r, c);
    const start = value === undefined ? TEXT.zero : `${spot} = ${write(value)}`;
    if (!pairs.length) return [start + TEXT.none];
    const adds = this.#scatters && grid === "input";
    const shown = pairs.length > 25 ? pairs.slice(0, 25) : pairs;
    const terms = shown.flatMap((pair) => [", ", ...product(pair),
      adds || grid === "kernel" ? "" : TEXT.into(name("Y", pair[0].o, pair[1].o))]).slice(1);
    const verb = grid === "kernel" ? TEXT.meets : adds ? TEXT.adds : TEXT.uses;
    return [start + verb(pairs.length), ...terms, shown === pairs ? "" : ", …"];
  }

  // -- what the reader does --

  #isEditable({ grid, r, c }) {
    const m = this.#current;
    return grid !== "output" && m.at(grid, r, c) !== undefined &&
      !(m.view === "counts" && m.mode === "conv" && grid === "input");
  }

  #focus(at) {
    this.#focused = at;
    if (at) {
      const old = this.shadowRoot.querySelector(`.${at.grid} [tabindex="0"]`);
      if (old) old.tabIndex = -1;
      this.#cellAt(at).tabIndex = 0;
      this.#say(() => this.#find(".sum").textContent);
    }
    this.#mark();
  }

  #tap(at) {
    const same = this.#pinned && ["grid", "r", "c"].every((key) => this.#pinned[key] === at[key]);
    if (same && this.#isEditable(at)) return this.#edit(at);
    this.#pause();
    if (this.#step !== null) { this.#step = null; this.#drawNumbers("output"); }
    this.#pinned = same ? null : at;
    this.#cellAt(at).focus({ preventScroll: true });
    this.#mark();
    this.#say(() => this.#find(".sum").textContent);
  }

  #key(event, at) {
    if (event.target.tagName === "INPUT") return this.#keyInNumber(event);
    if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
    const m = this.#current, { grid, r, c } = at, { key } = event;
    const [down, right] = ARROWS[key] ?? [0, 0];
    if (ARROWS[key]) this.#cellAt({ grid, r: r + down, c: c + right })?.focus();
    else if (key === "Home") this.#cellAt({ grid, r, c: m.from[grid] }).focus();
    else if (key === "End") this.#cellAt({ grid, r, c: m.to[grid] }).focus();
    else if (key === "Escape") { this.#release(); this.#drawOutput(); }
    else if (key === " " || (key === "Enter" && !this.#isEditable(at))) this.#tap(at);
    else if (key === "Enter") this.#edit(at);
    else if (/^[-0-9.]$/.test(key) && this.#isEditable(at)) this.#edit(at, key);
    else return;
    event.preventDefault();
  }

  #keyInNumber(event) {
    const cell = event.target.parentElement;
    if (event.key !== "Enter" && event.key !== "Escape") return;
    if (event.key === "Escape") event.target.value = event.target.defaultValue;
    event.preventDefault();
    cell.focus();
  }

  #edit(at, text) {
    const cell = this.#cellAt(at), box = document.createElement("input");
    const value = this.#current.at(at.grid, at.r, at.c);
    box.inputMode = "decimal";
    box.defaultValue = String(value);
    box.setAttribute("aria-label", this.#find(`#name-${at.grid}`).firstChild.textContent.trim());
    box.addEventListener("blur", () => this.#enter(at, box), { once: true });
    cell.replaceChildren(box);
    box.focus();
    if (text) box.value = text;
    else box.select();
  }

  #enter({ grid, r, c }, box) {
    const m = this.#current, text = box.value.trim().replace(",", ".").replace("−", "-");
    box.parentElement?.replaceChildren(write(m.at(grid, r, c), 2));
    if (text === box.defaultValue) return this.#mark();
    if (!NUMBER.test(text) || Math.abs(Number(text)) > LARGEST_NUMBER) {
      this.#find(".adjusted").textContent = TEXT.noNumber(short(text), LARGEST_NUMBER);
      return this.#say(() => this.#find(".adjusted").textContent);
    }
    const edited = (grid === "input" ? m.X : m.K).map((row) => [...row]);
    edited[m.index[grid](r)][m.index[grid](c)] = Number(text);
    const pinned = this.#pinned;
    this.#set({ [grid]: listed(edited) });
    this.#pinned = pinned;
  }

  #release() {
    this.#pause();
    this.#step = this.#pinned = null;
  }

  #go(by) {
    this.#pause();
    this.#moveTo(this.#step === null ? 0 : this.#step + by);
    this.#say(() => `${this.#find(".progress").textContent}. ${this.#find(".sum").textContent}`);
  }

  #moveTo(step) {
    this.#pinned = null;
    this.#step = step >= 0 && step < this.#steps ? step : null;
    this.#drawOutput();
  }

  #play() {
    const next = () => {
      this.#moveTo(this.#step === null ? 0 : this.#step + 1);
      if (this.#step === null || this.#step === this.#steps - 1) this.#pause();
    };
    this.#timer = setInterval(next, 800);
    next();
  }

  #pause() {
    clearInterval(this.#timer);
    this.#timer = 0;
    if (this.shadowRoot) this.#find(".play").textContent = TEXT.play;
  }

  /* Tell a screen reader, once things have settled. */
  #say(words) {
    clearTimeout(this.#speaking);
    this.#speaking = setTimeout(() => { this.#find(".spoken").textContent = words(); }, 500);
  }

  // -- in words --

  #formula() {
    const { mode, inputSize: n, kernelSize: k, stride: s, padding: p, dilation: d,
      outputPadding, size } = this.#current;
    if (mode === "transposed") return `output size = (n − 1)·s − 2p + d·(k − 1) + output_padding + 1 ` +
      `= (${n} − 1)·${s} − 2·${p} + ${d}·(${k} − 1) + ${outputPadding} + 1 = ${size}`;
    const inner = n + 2 * p - d * (k - 1) - 1, left = inner % s;
    return `output size = ⌊(n + 2p − d·(k − 1) − 1) / s⌋ + 1 ` +
      `= ⌊(${n} + 2·${p} − ${d}·(${k} − 1) − 1) / ${s}⌋ + 1 ` +
      `= ⌊${inner} / ${s}⌋ + 1 = ${size}` + (left ? TEXT.leftOver(left) : "");
  }

  #call() {
    const m = this.#current;
    const given = ["stride", "padding", "outputPadding", "dilation"]
      .filter((name) => m[name] !== RANGES[name][2])
      .map((name) => `, ${snake(name)}=${m[name]}`);
    return `F.${m.mode === "conv" ? "conv2d" : "conv_transpose2d"}(X, K${given.join("")})`;
  }

  #program() {
    const { X, K } = this.#current;
    const tensor = (rows) => `torch.tensor([[${rows.map((row) => `[${row.join(", ")}]`)
      .join(",\n                   ")}]], dtype=torch.float64)`;
    return "import torch\nimport torch.nn.functional as F\n\n" +
      `X = ${tensor(X)}\nK = ${tensor(K).replace("([[", "([[[").replace("]], ", "]]], ")}\n` +
      `print(${this.#call()})\n`;
  }

  async #copy(text, done) {
    const box = this.#find(".fallback");
    try {
      await navigator.clipboard.writeText(text);
      box.hidden = true;
      this.#find(".note").textContent = done;
    } catch { // no permission, or no secure page: let the reader copy
      box.value = text;
      box.hidden = false;
      box.select();
    }
  }

  // -- the address --

  /* Elements with an id are told apart by it; one that is alone needs none. */
  get #name() {
    const isAlone = document.querySelectorAll("conv-explorer").length === 1;
    return /^[\w-]+$/.test(this.id) ? this.id : isAlone ? "explorer" : "";
  }

  /* #NAME--mode-5-3-1-0-1-0--view--input--kernel: a valid CSS selector too, as themes look up
  what the address names. Someone else's anchor is left alone, unless the reader asks. */
  #writeAddress(asked) {
    const prefix = `#${this.#name}--`, m = this.#current;
    if (FRAMED || !this.#name) return;
    if (!asked && location.hash && !location.hash.startsWith(prefix)) return;
    const numbers = (name) => {
      const text = this.getAttribute(name)?.trim() ?? "counting";
      return this.#isOwn(name) ? listed(name === "input" ? m.X : m.K)
        .replace(/-/g, "m").replace(/\./g, "d").replace(/ /g, "_") : text;
    };
    const state = [m.mode, ...NAMES.map((name) => m[name])].join("-");
    const parts = [state, m.view, numbers("input"), numbers("kernel")];
    if (this.hasAttribute("matrix")) parts.push("matrix");
    try { history.replaceState(history.state, "", prefix + parts.join("--")); } catch { /* file */ }
  }

  #readAddress = () => {
    const prefix = `#${this.#name}--`;
    if (!this.#name || !location.hash.startsWith(prefix)) return;
    const [state, view, input, kernel, matrix] = location.hash.slice(prefix.length).split("--");
    const [mode, ...sizes] = state.split("-");
    const values = { mode, view };
    NAMES.forEach((name, index) => { values[kebab(name)] = sizes[index]; });
    for (const [name, text, presets] of [["input", input, INPUTS], ["kernel", kernel, KERNELS]])
      values[name] = text === undefined || Object.hasOwn(presets, text) ? text
        : text.replace(/m/g, "-").replace(/d/g, ".").replace(/_/g, " ");
    for (const [name, value] of Object.entries(values))
      if (value === undefined) this.removeAttribute(name);
      else this.setAttribute(name, value);
    this.toggleAttribute("matrix", matrix === "matrix");
  };
}

/* The outlines of matrix entries, as one path. */
const boxes = (entries) =>
  entries.map(({ row, column }) => `M${column} ${row}h1v1h-1z`).join("");

const colored = (role, text) => {
  const node = document.createElement("b");
  node.className = role;
  node.textContent = text;
  return node;
};

customElements.define("conv-explorer", ConvExplorer);
})();
