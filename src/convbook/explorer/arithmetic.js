/* The arithmetic of convolutions and their transposes, without a page: what the explorer draws and
what the trainer asks. A module: node loads it as it is, and bundle.py puts it before an element.

A layer is an object with torch's names: `mode` ("conv" or "transposed"); input_size, kernel_size,
stride, padding, dilation and output_padding as pairs [height, width]; in_channels, out_channels,
groups. An axis is the same with one number in the place of each pair. Grids are nested arrays as in
torch, without the batch: X[channel][row][column], and K with the weight's four axes. */

import DATA from "./explorer.json" with { type: "json" };

/** @typedef {[number, number]} Pair */
/** @typedef {{mode: string, input_size: Pair, kernel_size: Pair, stride: Pair, padding: Pair,
 *   dilation: Pair, output_padding: Pair, in_channels: number, out_channels: number,
 *   groups: number}} Layer */
/** @typedef {{mode: string, input_size: number, kernel_size: number, stride: number,
 *   padding: number, dilation: number, output_padding: number}} Axis */
/** @typedef {{input: number, weight: number, kernel: number, output: number}} Link */
/** @typedef {number[]} Place Channel, row, column; of a weight its four indices. */
/** @typedef {{input: Place, kernel: Place, output: Place}} Product */
/** @typedef {(kind: "wrong" | "clash", name: string, given: any, rule: string, used: any) => void
 *   } Say */

export const WORDS = DATA.words;
/** Smallest, largest, default. @type {Record<string, number[]>} */
export const RANGES = DATA.ranges;
/** @type {Record<string, string[]>} */
export const VIEWS = DATA.views;
export const MODES = Object.keys(VIEWS);
export const LARGEST_OUTPUT = DATA.largest_output, LARGEST_NUMBER = DATA.largest_number;
/** @type {Record<string, string[]>} */
export const PRESETS = DATA.presets;
// On a tie the earlier one moves: the sizes last, they are what a reader looks at.
const MENDING_ORDER = DATA.mending_order;
/** What has a height and a width, the first six; and what has not. */
export const PARAMETERS = Object.keys(RANGES), PAIRED = PARAMETERS.slice(0, 6),
  CHANNELS = PARAMETERS.slice(6);
/** What solve chooses. */
export const SOLVED = ["kernel_size", "stride", "padding", "output_padding"];
const NUMBER = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i;

// ---- Small things ----

/** [0, 1, …, n − 1] */
export const range = (/** @type {number} */ n) => [...Array(n).keys()];
/** @template T @param {T | T[]} value @returns {T[]} */
export const pair = (value) => Array.isArray(value) ? value : [value, value];
/** Put values into the places {name} of a text. @param {Record<string, any>} values */
export const fill = (/** @type {string} */ text, values) =>
  text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
/** The name of a property, from that of an attribute or a parameter. */
const camel = (/** @type {string} */ name) =>
  name.replace(/_./, (end) => end[1].toUpperCase());
export const sum = (/** @type {number[]} */ values) => values.reduce((a, b) => a + b, 0);
export const product = (/** @type {number[]} */ values) => values.reduce((a, b) => a * b, 1);
/** 3 × 4 */
export const by = (/** @type {any[]} */ sizes) => sizes.join(" × ");
/** A number as text. */
export const write = (/** @type {number} */ value, digits = 4) =>
  String(+value.toFixed(digits)).replace("-", "−");
/** A factor as text. */
export const bracketed = (/** @type {number} */ value) =>
  value < 0 ? `(${write(value)})` : write(value);
/** A number as typed in any way, with a plain minus and plain digits. */
export const typed = (/** @type {string} */ text) =>
  text.normalize("NFKC").trim().replace(/[−‐-―]/g, "-");
/** Values by name. @param {string[]} names @param {(name: string) => any} value */
export const byName = (names, value) =>
  Object.fromEntries(names.map((name) => [name, value(name)]));
/** Values by name, in camel case. @param {string[]} names @param {(name: string) => any} value */
export const inCamels = (names, value) =>
  Object.fromEntries(names.map((name) => [camel(name), value(name)]));
/** Nested arrays of a shape; `value` gets the indices.
 * @param {number[]} shape @param {(...at: number[]) => any} value @param {number[]} at
 * @returns {any} */
export const build = ([n, ...rest], value, ...at) => n === undefined ? value(...at)
  : range(n).map((i) => build(rest, value, ...at, i));
/** The number of a grid at a place; undefined outside. @param {any} grid @param {Place} place */
export const lookUp = (grid, place) => place.reduce((inner, i) => inner?.[i], grid);
/** Whether a text is a number that can be entered. */
export const isFine = (/** @type {string} */ word) =>
  NUMBER.test(word) && Math.abs(Number(word)) <= LARGEST_NUMBER;

// ---- Sizes ----

/** @param {Layer} layer @param {number} axis 0: height, 1: width @returns {any} */
export const axisOf = (layer, axis) => Object.fromEntries(
  Object.entries(layer).map(([name, value]) => [name, Array.isArray(value) ? value[axis] : value]));
/** How many cells a dilated kernel spans. */
export const reachOf = (/** @type {Axis} */ s) => s.dilation * (s.kernel_size - 1) + 1;
/** The output's size; below 1 if there is no output. */
export const sizeOf = (/** @type {Axis} */ s) => s.mode === "conv"
  ? Math.floor((s.input_size + 2 * s.padding - reachOf(s)) / s.stride) + 1
  : (s.input_size - 1) * s.stride + reachOf(s) - 2 * s.padding + s.output_padding;
/** Something of each axis.
 * @param {Layer} layer @param {(s: any, axis: number) => any} value @returns {any} */
export const eachAxis = (layer, value) =>
  [0, 1].map((axis) => value(axisOf(layer, axis), axis));
/** The output's height and width. */
export const sizesOf = (/** @type {Layer} */ layer) => eachAxis(layer, sizeOf);
/** What the first two axes of the weight count; of the second there are as many as in a group. */
export const weightAxes = (/** @type {Layer} */ { mode }) =>
  mode === "conv" ? ["out_channels", "in_channels"] : ["in_channels", "out_channels"];
/** The shape of the weight, as torch has it. */
export const weightShape = (/** @type {Layer} */ layer) => {
  const [first, second] = weightAxes(layer);
  return [layer[first], layer[second] / layer.groups, ...layer.kernel_size];
};
/** The shapes of the grids. @param {Layer} layer @returns {Record<string, number[]>} */
export const shapesOf = (layer) => ({ input: [layer.in_channels, ...layer.input_size],
  kernel: weightShape(layer), output: [layer.out_channels, ...sizesOf(layer)] });
/** The output_padding with which a transposed convolution has the size wanted; torch takes it only
 * from 0 to max(stride, dilation) − 1. @param {Axis} s @param {number} wanted */
export const outputPaddingFor = (s, wanted) => wanted - sizeOf({ ...s, output_padding: 0 });
/** The receptive field of a stack of layers [kernel, stride, dilation], along an axis. */
export const receptiveField = (/** @type {number[][]} */ layers) => {
  let size = 1, jump = 1;
  for (const [kernel, stride, dilation] of layers) {
    size += dilation * (kernel - 1) * jump;
    jump *= stride;
  }
  return size;
};
/** Every choice of kernel_size, stride, padding and output_padding that gives the size wanted, at
 * the input_size and dilation of `s`; no window lies in the padding alone.
 * @param {Axis} s @param {number} wanted @returns {Axis[]} */
export function solve(s, wanted) {
  let choices = [s];
  for (const name of SOLVED) {
    const [low, high] = rangeOf(s.mode, name);
    choices = choices.flatMap((choice) =>
      range(high - low + 1).map((i) => ({ ...choice, [name]: low + i })));
  }
  return choices.filter((choice) => isSound(choice) && sizeOf(choice) === wanted);
}

// ---- What meets what ----

/** Along one axis: which input meets which weight at which output; `kernel` is where that weight
 * lies in the dilated kernel. A convolution links input + padding = output·stride + weight·dilation,
 * its transpose has input and output exchanged; places outside of them are in the padding or
 * cropped. With zeros inserted, `input` counts the cells of the spread input, and the flipped kernel
 * slides over it.
 * @param {Axis} s @param {boolean} [zeros] @returns {Link[]} */
export function links(s, zeros = false) {
  const { mode, input_size, kernel_size, stride, padding, dilation } = s;
  const list = [], scatters = mode !== "conv" && !zeros;
  for (let t = 0; t < (scatters ? input_size : sizeOf(s)); t++)
    for (let step = 0; step < kernel_size; step++) {
      const weight = zeros ? kernel_size - 1 - step : step, kernel = step * dilation;
      const there = zeros ? t + padding - weight * dilation : t * stride + kernel - padding;
      const [input, output] = scatters ? [t, there] : [there, t];
      list.push({ input, weight, kernel, output });
    }
  return list;
}

/** The group of an input or an output channel.
 * @param {Layer} layer @param {"in" | "out"} side @param {number} channel */
export const groupOf = (layer, side, channel) =>
  Math.floor(channel * layer.groups / layer[`${side}_channels`]);
/** The input channels that an output channel reads. @param {Layer} layer @param {number} o */
export const readBy = (layer, o) => range(layer.in_channels)
  .filter((c) => groupOf(layer, "in", c) === groupOf(layer, "out", o));
/** The first two indices of the weight between an input and an output channel.
 * @param {Layer} layer @param {number} c @param {number} o @returns {Pair} */
export const weightAt = ({ mode, in_channels, out_channels, groups }, c, o) =>
  mode === "conv" ? [o, c % (in_channels / groups)] : [c, o % (out_channels / groups)];

/** All products in the order of the channels, rows and columns, so far as `keep` keeps their places.
 * @param {Layer} layer @param {Partial<{input: Place, output: Place}>} keep @returns {Product[]} */
function products(layer, { input, output }) {
  const [rows, columns] = eachAxis(layer, (s, axis) => links(s).filter((link) =>
    (!input || link.input === input[axis + 1]) && (!output || link.output === output[axis + 1])));
  const list = [];
  for (const o of output ? [output[0]] : range(layer.out_channels))
    for (const c of readBy(layer, o))
      if (!input || c === input[0])
        for (const row of rows)
          for (const column of columns)
            list.push({ input: [c, row.input, column.input], output: [o, row.output, column.output],
              kernel: [...weightAt(layer, c, o), row.weight, column.weight] });
  return list;
}

/** The window of an output: the products that it sums. Inputs outside of X are zeros put in.
 * @param {Layer} layer @param {Place} output */
export const windowOf = (layer, output) => products(layer, { output });
/** The stamp of an input: the products that it is part of. Outputs outside of Y are cropped away.
 * @param {Layer} layer @param {Place} input */
export const stampOf = (layer, input) => products(layer, { input });

/** The output, as torch computes it. @param {Layer} layer @param {any} X @param {any} K */
export function convolve(layer, X, K) {
  const [rows, columns] = eachAxis(layer, (s) => {
    const list = links(s);
    return range(sizeOf(s)).map((o) => list.filter(({ output }) => output === o));
  });
  return range(layer.out_channels).map((o) => {
    const pairs = readBy(layer, o).map((c) => [X[c], lookUp(K, weightAt(layer, c, o))]);
    return rows.map((row) => columns.map((column) => {
      let sum = 0;
      for (const [x, k] of pairs)
        for (const r of row)
          for (const c of column) sum += (x[r.input]?.[c.input] ?? 0) * k[r.weight][c.weight];
      return sum;
    }));
  });
}

/** The weights of all inputs in one output, which are a row of the matrix of the operation; or those
 * of one input in all outputs, a column. They come as a grid like that of the others.
 * @param {Layer} layer @param {any} K @param {"input" | "output"} side @param {Place} place */
export function weightsAt(layer, K, side, place) {
  const others = side === "output" ? "input" : "output";
  const grid = build(shapesOf(layer)[others], () => 0);
  for (const { kernel, [others]: [c, i, j] } of products(layer, { [side]: place }))
    if (grid[c][i]?.[j] !== undefined) grid[c][i][j] += lookUp(K, kernel);
  return grid;
}

// ---- Valid states ----

/** Smallest, largest, default. @param {string} mode @param {string} name */
export const rangeOf = (mode, name) =>
  mode === "conv" && name === "output_padding" ? [0, 0, 0] : RANGES[name];

/** Rank and wording of the first rule that an axis breaks, or undefined.
 * @param {Axis} s @returns {[number, string] | undefined} */
export function broken(s) {
  const reach = reachOf(s), width = s.input_size + 2 * s.padding, size = sizeOf(s);
  if (s.mode === "conv")
    return reach > width ? [1, fill(WORDS.fit, { reach, width })] : undefined;
  if (s.output_padding >= Math.max(s.stride, s.dilation)) return [1, WORDS.small];
  if (size < 1) return [2, WORDS.gone];
  if (size > LARGEST_OUTPUT) return [3, fill(WORDS.large, { most: LARGEST_OUTPUT, size })];
}

/** Whether an axis is valid, and no window lies in the padding alone. */
export const isSound = (/** @type {Axis} */ s) => s.padding < reachOf(s) && !broken(s);

/** The smallest change of one value that gets an axis past the rule of this rank.
 * @param {Axis} s @param {number} rank @returns {[string, number]} */
function mending(s, rank) {
  for (let distance = 1; ; distance++)
    for (const name of MENDING_ORDER)
      for (const value of [s[name] - distance, s[name] + distance]) {
        const [low, high] = rangeOf(s.mode, name), rule = broken({ ...s, [name]: value });
        if (low <= value && value <= high && (!rule || rule[0] > rank)) return [name, value];
      }
}

/** The rule that an axis breaks, or its groups. @param {any} s @returns {string | undefined} */
export const ruleOf = (s) => broken(s)?.[1] ??
  (s.in_channels % s.groups || s.out_channels % s.groups ? WORDS.divide : undefined);

/** One or two numbers in a text; NaN for what is none. */
const numbersIn = (/** @type {string} */ text) => text.split(/[\s,]+/).filter(Boolean)
  .map((word) => NUMBER.test(word) ? Number(word) : NaN);
/** The whole number in a range that is nearest. */
export const rounded = (/** @type {number} */ value, /** @type {number[]} */ [low, high]) =>
  Math.floor(Math.min(Math.max(value, low), high) + 0.5);
/** A number for a pair of equal ones. @param {any} value */
export const brief = (value) => Array.isArray(value) && value[0] === value[1] ? value[0] : value;
/** A value as an attribute has it. */
export const listed = (/** @type {any} */ value) => [brief(value)].flat(Infinity).join(" ");
/** A value as Python has it. */
export const python = (/** @type {any} */ value) =>
  Array.isArray(brief(value)) ? `(${value.join(", ")})` : brief(value);

/** Whether height and width are alike in everything. */
export const isSquare = (/** @type {any} */ layer) =>
  PAIRED.every((name) => layer[name][0] === layer[name][1]);
/** The valid layer nearest to what texts say, and its view; `say` is told every difference.
 * @param {(name: string, normal: string) => string} read @param {Say} say
 * @returns {Layer & {view: string}} */
export function settle(read, say) {
  const choose = (/** @type {string} */ name, /** @type {string[]} */ choices) => {
    const text = read(name, choices[0]);
    if (choices.includes(text)) return text;
    say("wrong", name, text, fill(WORDS.one_of, { names: choices.join(", ") }), choices[0]);
    return choices[0];
  };
  /** @type {any} */
  const s = { mode: choose("mode", MODES) };
  for (const name of PARAMETERS) {
    const limits = rangeOf(s.mode, name), [low, high, normal] = limits;
    const text = read(name, String(normal)), most = PAIRED.includes(name) ? 2 : 1;
    const given = numbersIn(text);
    const values = 0 < given.length && given.length <= most && !given.some(isNaN)
      ? given.map((value) => rounded(value, limits)) : [normal];
    if (String(values) !== String(given)) {
      const rule = fill(most === 2 ? WORDS.pair : WORDS.whole, { low, high, mode: s.mode });
      say("wrong", name, text, rule, listed(values));
    }
    s[name] = most === 2 ? [values[0], values.at(-1)] : values[0];
  }
  const square = isSquare(s);
  for (const axis of square ? [0] : [0, 1])
    for (let rule; (rule = broken(axisOf(s, axis)));) {
      const [name, value] = mending(axisOf(s, axis), rule[0]), given = s[name][axis];
      say("clash", square ? name : `${name} (${WORDS.axes[axis]})`, given, rule[1], value);
      s[name][axis] = value;
      if (square) s[name][1] = value;
    }
  let groups = s.groups;
  while (s.in_channels % groups || s.out_channels % groups) groups--;
  if (groups !== s.groups) say("clash", "groups", s.groups, WORDS.divide, groups);
  s.groups = groups;
  s.view = choose("view", VIEWS[s.mode]);
  return s;
}

// ---- In words ----

/** What a call says of a layer where it differs from torch's defaults: `, stride=2`.
 * @param {Layer} layer */
export const options = (layer) => ["stride", "padding", "output_padding", "dilation", "groups"]
  .filter((name) => !isUsual(layer, name)).map((name) => `, ${name}=${python(layer[name])}`)
  .join("");
/** Whether a layer or an axis has the default. @param {any} layer @param {string} name */
export const isUsual = (layer, name) => brief(layer[name]) === RANGES[name][2];
/** The call that computes the output. @param {Layer} layer */
export const callOf = (layer) =>
  `F.conv${layer.mode === "conv" ? "" : "_transpose"}2d(X, K${options(layer)})`;

/** The formula of a size, with the parameters that `has` has.
 * @param {string} mode @param {(name: string) => boolean} has */
export const formula = (mode, has, o = "o", n = "n", s = "s", p = "p", d = "d", k = "k") => {
  const conv = mode === "conv", [S, P, D] = ["stride", "padding", "dilation"].map(has);
  const span = D ? `${d}·(${k} − 1)` : k, twice = P ? ` ${conv ? "+" : "−"} 2${p}` : "";
  if (!conv) return `${S ? `(${n} − 1)·${s}` : `${n} − 1`}${twice} + ${span}${
    has("output_padding") ? ` + ${o}` : ""}${D ? " + 1" : ""}`;
  const inner = `${n}${twice} − ${span}${D ? " − 1" : ""}`;
  return S ? `⌊(${inner}) / ${s}⌋ + 1` : `${inner} + 1`;
};
/** The formula in the numbers of an axis. @param {any} a @param {(name: string) => boolean} has */
export const formulaInNumbers = (a, has) => {
  const { mode, input_size, kernel_size, stride, padding, dilation, output_padding } = a;
  return formula(mode, has, output_padding, input_size, stride, `·${padding}`, dilation,
    kernel_size) + (mode !== "conv" || !has("stride") ? ""
    : ` = ⌊${input_size + 2 * padding - reachOf(a)} / ${stride}⌋ + 1`);
};

// ---- Numbers ----

const binomial = (/** @type {number} */ n, /** @type {number} */ k) =>
  k < 0 || k > n ? 0 : k === 0 ? 1 : binomial(n - 1, k - 1) * n / k;
const difference = (/** @type {number} */ i, /** @type {number} */ n) => { // Sobel's for n = 3
  const m = Math.max(n - 2, 0);
  return binomial(m, i) - binomial(m, i - 1);
};
const linear = (/** @type {number} */ i, /** @type {number} */ n) =>
  1 - Math.abs(i - (n - 1) / 2) / ((n + 1) >> 1);
/** The number in row i of h and column j of w, in a channel that `first` begins.
 * @type {Record<string, (...values: number[]) => number>} */
const PRESET = {
  counting: (i, j, h, w, first) => first + i * w + j,
  ones: () => 1,
  impulse: (i, j, h, w) => +(i === h >> 1 && j === w >> 1),
  step: (i, j, h, w) => +(2 * j >= w),
  edge: (i, j, h, w) => binomial(h - 1, i) * difference(j, w),
  blur: (i, j, h, w) => binomial(h - 1, i) * binomial(w - 1, j) / 2 ** (h + w - 2),
  bilinear: (i, j, h, w) => linear(i, h) * linear(j, w),
};

/** The numbers of a preset; the last two of `shape` are height and width. Each channel of
 * "counting" starts one higher. @param {string} name @param {number[]} shape */
const preset = (name, shape) => build(shape, (...at) =>
  PRESET[name](...at.slice(-2), ...shape.slice(-2), sum(at.slice(0, -2))));

/** Numbers of a shape, from the name of a preset or a list of them in row order.
 * @param {"input" | "kernel"} grid @param {string} text @param {number[]} shape @param {Say} say */
export function numbers(grid, text, shape, say) {
  if (PRESETS[grid].includes(text)) return preset(text, shape);
  const words = text.split(/[\s,;]+/).filter(Boolean), most = LARGEST_NUMBER;
  const count = product(shape);
  if (words.length === count && words.every(isFine)) {
    let next = 0;
    return build(shape, () => Number(words[next++]));
  }
  const list = fill(count === 1 ? WORDS.list_of_one : WORDS.list, { count, most });
  const names = fill(WORDS.one_of, { names: PRESETS[grid].join(", ") });
  say("wrong", grid, text, fill(WORDS.or, { one: list, other: names }), "counting");
  return preset("counting", shape);
}
