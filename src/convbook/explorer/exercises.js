/* The exercises of the trainer, without a page: what is asked, the answer, the classic mistakes,
and the arithmetic. A module, which node loads as it is.

A kind, a level and a seed give the same exercise everywhere and for ever: the numbers come from a
generator of our own, and tests hold what some seeds give. Whoever changes what is drawn changes
what shared addresses show. */

import { CHANNELS, PAIRED, PARAMETERS, RANGES, WORDS, axisOf, bracketed, brief, build, by, byName,
  callOf, convolve, eachAxis, fill, formula, formulaInNumbers, inCamels, isSound, isUsual, lookUp,
  options, outputPaddingFor, pair, python, range, reachOf, receptiveField, sizeOf, sizesOf, sum,
  weightAxes, weightShape, weightsAt, windowOf, write } from "./arithmetic.js";
import TEXT from "./trainer.json" with { type: "json" };

/** @typedef {import("./arithmetic.js").Layer} Layer */
/** @typedef {import("./arithmetic.js").Axis} Axis */
/** What is drawn: all that an answer needs, as far as the kind has it.
 * @typedef {{layer: Layer, X: number[][], K: number[][], wanted: number[], matrix: string,
 *   at: number[], layers: number[][]}} Drawn */
/** A mistake: its name, and the answer that it leads to, in cells like the answer's.
 * @typedef {[string, any]} Mistake */

// ---- Random numbers ----

/** Numbers from 0 up to 1: mulberry32, begun with the FNV-1a hash of a text.
 * @param {string} text */
function generator(text) {
  let state = 2166136261;
  for (const character of text) state = Math.imul(state ^ character.charCodeAt(0), 16777619);
  // Texts that differ in a digit must not begin alike: murmur3's last step.
  state = Math.imul(state ^ (state >>> 16), 2246822507);
  state = Math.imul(state ^ (state >>> 13), 3266489909);
  state ^= state >>> 16;
  return () => {
    state = (state + 1831565813) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What draws: whole numbers, one of a list, a pair.
 * @param {() => number} random */
const dice = (random) => {
  const int = (/** @type {number} */ low, /** @type {number} */ high) =>
    low + Math.floor(random() * (high - low + 1));
  const two = (/** @type {number} */ low, /** @type {number} */ high) =>
    /** @type {[number, number]} */ ([int(low, high), int(low, high)]);
  return { int, two,
    same: (/** @type {number} */ low, /** @type {number} */ high) => Array(2).fill(int(low, high)),
    pick: (/** @type {any[]} */ list) => list[int(0, list.length - 1)],
    grid: (/** @type {number[]} */ size, /** @type {number} */ low, /** @type {number} */ high) =>
      build(size, () => int(low, high)) };
};

// ---- Small things ----

const BOTH = [0, 1], MOVES = ["stride", "padding", "dilation"];
/** @type {Record<string, any>} */
const PLAIN = { mode: "conv", ...byName(PARAMETERS, (name) =>
  PAIRED.includes(name) ? pair(RANGES[name][2]) : 1) };
const layerOf = (/** @type {any} */ given) => /** @type {Layer} */ ({ ...PLAIN, ...given });
const flip = (/** @type {any[][]} */ grid) => grid.map((row) => row.toReversed()).toReversed();
const equal = (/** @type {any} */ a, /** @type {any} */ b) => String(a) === String(b);
/** The output of one channel. @param {Drawn} drawn @param {any} [changes] */
const outputOf = ({ layer, X, K }, changes = {}) => {
  const changed = { ...layer, ...changes };
  return sizesOf(changed).every((n) => n > 0) ? convolve(changed, [X], [[K]])[0] : [];
};
/** The inputs and weights that an output multiplies; or the inputs beside them.
 * @param {Drawn} drawn @param {number[]} at @returns {number[][]} */
const pairsAt = ({ layer, X, K }, at, down = 0, right = 0) => windowOf(layer, [0, ...at]).map(
  ({ input: [, i, j], kernel: [, , ...k] }) => [X[i + down]?.[j + right] ?? 0, lookUp(K, k)]);
/** The mistakes that leave out a parameter of the layer.
 * @param {Layer} layer @param {(changes: any) => any} answer @returns {Mistake[]} */
const ignoring = (layer, answer, names = MOVES) => names.filter((name) => !isUsual(layer, name))
  .map((name) => [name === "padding" && layer.mode !== "conv" ? "crop" : name,
    answer({ [name]: PLAIN[name] })]);
/** Those that are off by one window. @param {(down: number, right: number) => any} answer
 * @returns {Mistake[]} */
const shifted = (answer) => [[0, 1], [0, -1], [1, 0], [-1, 0]].map(([down, right]) =>
  ["shifted", answer(down, right)]);

// ---- The layers ----

/** A layer of a level; of small ones, which are computed by hand.
 * @param {any} d dice @param {number} level @param {boolean} small @returns {Layer} */
function drawLayer(d, level, small) {
  const conv = level === 1 || d.int(0, 1) === 0;
  if (level === 1 && small) // one window after the other
    return layerOf({ input_size: d.pick([[3, 3], [3, 3], [3, 4], [4, 3]]), kernel_size: [2, 2] });
  const layer = layerOf({ mode: conv ? "conv" : "transposed" });
  /** @param {string} name @param {number} low @param {number} high */
  const set = (name, low, high) => {
    layer[name] = level < 3 || small ? d.same(low, high) : d.two(low, high);
  };
  layer.kernel_size = d.same(2, small ? 2 : 4);
  if (conv) {
    const names = [...MOVES];
    // One parameter, or two of them, or all but one.
    if (level === 1 || (level === 2 && small)) names.splice(0, 3, d.pick(names));
    else names.splice(d.int(0, 2), 1);
    if (level === 1 && names[0] === "dilation") names[0] = d.pick(["stride", "padding"]);
    // Level 2 fits on a phone.
    layer.input_size = !small ? d.two(4, level === 1 ? 9 : 14)
      : d.two(3, level === 2 && names[0] === "dilation" ? 4 : 5);
    for (const name of names)
      set(name, name === "padding" ? 1 : 2, name === "dilation" || small ? 2 : 3);
    if (small) {
      if (layer.padding[0]) layer.padding = [1, 1];
      if (level === 2 && layer.padding[0]) layer.input_size = d.two(2, 2);
      if (level === 3 && d.int(0, 2) === 0) layer.kernel_size = d.pick([[2, 3], [3, 2]]);
    } else if (level === 3) layer.kernel_size = d.two(2, 5);
    return layer;
  }
  layer.input_size = small ? [2, d.int(2, level === 3 ? 3 : 2)] : d.two(2, 7);
  if (level === 2 && small) return layer;
  set("stride", 2, small ? 2 : 3);
  set("padding", 0, small ? 1 : 2);
  if (level === 3) {
    layer.kernel_size = small ? d.same(2, 3) : d.two(2, 5);
    if (!small) layer.dilation = d.two(1, 2);
    layer.output_padding = d.two(0, small ? 1 : 2);
  }
  return layer;
}

// ---- The kinds ----

/** The size along an axis, in numbers. @param {Axis} s */
const sizeInNumbers = (s) =>
  formulaInNumbers(s, (name) => name !== "output_padding" || s.output_padding > 0);

/** What makes two sizes wrong along each axis. @param {Layer} layer @returns {Mistake[]} */
function wrongSizes(layer) {
  const conv = layer.mode === "conv";
  /** @type {[string, (s: Axis) => number][]} */
  const formulas = conv ? [
    ["floor", (s) => Math.ceil((s.input_size + 2 * s.padding - reachOf(s)) / s.stride) + 1],
    ["one", (s) => sizeOf(s) - 1],
  ] : [
    ["added", (s) => sizeOf({ ...s, padding: -s.padding })],
    ["twice", (s) => sizeOf(s) + s.output_padding],
    ["between", (s) => sizeOf(s) + s.stride - 1],
  ];
  const changed = (/** @type {any} */ changes) => sizesOf({ ...layer, ...changes });
  return [
    ["total", eachAxis(layer, (s) => sizeOf({ ...s, padding: s.padding / 2 }))],
    ...formulas.map(([name, f]) => /** @type {Mistake} */ ([name, eachAxis(layer, f)])),
    ...ignoring(layer, changed, [...MOVES, "output_padding"]),
    ["other", changed({ mode: conv ? "transposed" : "conv", output_padding: [0, 0] })],
    ["swapped", changed({}).toReversed()],
    [conv ? "more" : "one", changed({}).map((size) => conv ? size + 1 : size - 1)],
  ];
}

/** What the rows of a matrix make, and what its columns multiply, as sizes.
 * @param {Pick<Drawn, "layer" | "matrix">} drawn */
export const sidesOf = ({ layer, matrix }) => {
  const sides = [sizesOf(layer), layer.input_size];
  return matrix === "W" ? sides : sides.toReversed();
};
/** A row of W as a grid over the inputs, or of Wᵀ over the outputs; undefined if it is not there.
 * @param {Drawn} drawn @param {any} [changes] @param {number[][]} [K] */
function rowAsGrid({ layer, matrix, at, K: own }, changes = {}, K = own) {
  const changed = { ...layer, ...changes }, sizes = sizesOf(changed), [i, j] = at;
  const [[rows, columns]] = sidesOf({ layer: changed, matrix });
  if (Math.min(...sizes, i, j, rows - 1 - i, columns - 1 - j) < 0) return [];
  return weightsAt(changed, [[K]], matrix === "W" ? "output" : "input", [0, i, j])[0];
}

/** @type {Record<string, {draw: (d: any, level: number) => Partial<Drawn>, answer: (e: Drawn) => any,
 *   mistakes: (e: Drawn) => Mistake[], explain: (e: Drawn, at: number[]) => string,
 *   isDull?: (e: Drawn, answer: any) => boolean}>} */
const KINDS = {
  size: {
    draw: (d, level) => ({ layer: drawLayer(d, level, false) }),
    answer: ({ layer }) => sizesOf(layer),
    mistakes: ({ layer }) => wrongSizes(layer),
    explain: ({ layer }, [axis]) => sizeInNumbers(axisOf(layer, axis)),
  },
  fill: {
    draw(d, level) {
      const layer = drawLayer(d, level, true);
      return { layer, X: d.grid(layer.input_size, 0, 5 + level),
        K: d.grid(layer.kernel_size, [0, -1, -2][level - 1], 3) };
    },
    answer: (e) => outputOf(e),
    isDull: (e, Y) => Y.flat().length > 16 || Math.max(...Y.flat().map(Math.abs)) > 99 ||
      new Set(Y.flat()).size < 3 || e.K.flat().filter((k) => k === 0).length > 1 ||
      Y.flat().filter((y, i) => y !== outputOf({ ...e, K: flip(e.K) }).flat()[i]).length * 2 <
        Y.flat().length,
    mistakes(e) {
      const { layer, K } = e, Y = outputOf(e), conv = layer.mode === "conv";
      const each = (/** @type {(at: number[]) => any} */ value) =>
        build(sizesOf(layer), (...at) => value(at));
      const products = (/** @type {number[]} */ at, /** @type {number[]} */ ...shift) =>
        pairsAt(e, at, ...shift).map(([x, k]) => x * k);
      return [
        ["flipped", outputOf({ ...e, K: flip(K) })],
        ...ignoring(layer, (changes) => outputOf(e, changes)),
        ...conv ? [] : /** @type {Mistake[]} */ ([
          ["extra", each((at) => BOTH.some((axis) =>
            at[axis] >= sizesOf(layer)[axis] - layer.output_padding[axis]) ? 0 : lookUp(Y, at))],
          ["overlap", each((at) => products(at).at(-1) ?? 0)]]),
        ...shifted((down, right) => each(([i, j]) => conv ? sum(products([i, j], down, right))
          : Y[i + down]?.[j + right])),
        ...range(K.flat().length).map((index) => /** @type {Mistake} */ (
          ["missing", each((at) => sum(products(at).filter((_, i) => i !== index)))])),
        ["sign", each((at) => -lookUp(Y, at))],
      ];
    },
    explain: (e, at) =>
      pairsAt(e, at).map((two) => two.map(bracketed).join("·")).join(" + ") || "0",
  },
  output_padding: {
    draw(d, level) {
      const layer = drawLayer(d, Math.max(level, 2), false);
      Object.assign(layer, { mode: "transposed", input_size: d.two(3, 8) });
      if (level === 1) Object.assign(layer, { kernel_size: [3, 3], padding: [1, 1] });
      if (level < 3) Object.assign(layer, { stride: d.same(2, level + 1), dilation: [1, 1] });
      layer.output_padding = eachAxis(layer, (s) => d.int(0, Math.max(s.stride, s.dilation) - 1));
      return { layer, wanted: sizesOf(layer) };
    },
    answer: ({ layer, wanted }) => eachAxis(layer, (s, axis) => outputPaddingFor(s, wanted[axis])),
    isDull: ({ layer }) => !sum(layer.output_padding),
    mistakes({ layer, wanted }) {
      const right = layer.output_padding, none = { ...layer, output_padding: [0, 0] };
      const lacking = (/** @type {any} */ changes) =>
        sizesOf({ ...none, ...changes }).map((size, axis) => wanted[axis] - size);
      return [
        ["total", right.map((o, axis) => o - layer.padding[axis])],
        ...ignoring(layer, lacking, ["padding", "stride", "dilation"]),
        ["halved", right.map((o) => o / 2)],
        ["swapped", right.toReversed()],
        ["one", right.map((o) => o + 1)],
      ];
    },
    explain: ({ layer, wanted }, [axis]) => {
      const s = { ...axisOf(layer, axis), output_padding: 0 };
      return `${wanted[axis]} − (${sizeInNumbers(s)}) = ${wanted[axis]} − ${sizeOf(s)}`;
    },
  },
  row: {
    draw(d, level) {
      const layer = layerOf({ kernel_size: [2, 2] });
      layer.input_size = level === 1 ? d.pick([[3, 3], [3, 3], [2, 3], [3, 2]]) : d.two(3, 4);
      const matrix = level > 1 && d.int(0, 1) ? "WT" : "W";
      const names = MOVES;
      if (level === 3 || (level === 2 && matrix === "W")) {
        const name = d.pick(level === 3 ? names : names.slice(0, 2));
        layer[name] = name === "padding" ? [1, 1] : [2, 2];
      }
      if (level === 3) layer.kernel_size = d.pick([[2, 2], [2, 3], [3, 2]]);
      if (level === 2 && layer.padding[0]) layer.input_size = [3, 3];
      const at = sidesOf({ layer, matrix })[0].map((n) => d.int(0, Math.max(n - 1, 0)));
      // Different digits, so that each shows its place in the kernel.
      const left = range(9).map((i) => i + 1);
      const K = build(layer.kernel_size, () => left.splice(d.int(0, left.length - 1), 1)[0]);
      if (level === 3) K[0][1] *= -1;
      return { layer, K, matrix, at };
    },
    answer: (e) => rowAsGrid(e).flat(),
    isDull: (e, row) => row.length > 16 || row.length < 4 || row.filter(Boolean).length < 2 ||
      equal(row, rowAsGrid(e, {}, flip(e.K)).flat()),
    mistakes(e) {
      const over = rowAsGrid(e), turned = build(e.K[0].length === e.K.length ? e.layer.kernel_size
        : [0], (i, j) => e.K[j][i]);
      const fit = (/** @type {any[][]} */ grid) =>
        over.flatMap((row, i) => row.map((_, j) => grid[i]?.[j]));
      return [
        ["flipped", fit(rowAsGrid(e, {}, flip(e.K)))],
        ...ignoring(e.layer, (changes) => fit(rowAsGrid(e, changes))),
        ...shifted((down, right) =>
          fit(rowAsGrid({ ...e, at: [e.at[0] + down, e.at[1] + right] }))),
        ["matrix", fit(rowAsGrid({ ...e, matrix: e.matrix === "W" ? "WT" : "W" }))],
        ["turned", turned.length ? fit(rowAsGrid(e, {}, turned)) : []],
      ];
    },
    explain(e, [index]) {
      const { layer, at, matrix } = e, width = sidesOf(e)[1][1];
      const there = [Math.floor(index / width), index % width];
      const [input, output] = matrix === "W" ? [there, at] : [at, there];
      const met = windowOf(layer, [0, ...output]).find((one) => equal(one.input, [0, ...input]));
      const names = { input: spot("X", input), output: spot("Y", output) };
      return met ? fill(TEXT.meets, { ...names, weight: spot("K", met.kernel.slice(2)) })
        : fill(TEXT.apart, names);
    },
  },
  shape: {
    draw(d, level) {
      const mode = level === 1 ? "conv" : d.pick(["conv", "transposed"]);
      const groups = level === 1 || (level === 2 && mode !== "conv") ? 1 : d.pick([2, 2, 3, 4, 8]);
      const [low, high] = groups === 1 ? [1, 12] : [1, 6];
      const layer = layerOf({ mode, groups, input_size: [7, 7],
        in_channels: groups * d.int(low, high), out_channels: groups * d.int(low, high),
        kernel_size: d.same(1, 7) });
      if (level === 3) layer.kernel_size = d.two(1, 7);
      return { layer };
    },
    answer: ({ layer }) => weightShape(layer),
    isDull: ({ layer: { in_channels, out_channels, kernel_size } }, [a, b]) => a === b ||
      in_channels === out_channels ||
      [in_channels, out_channels, a, b].some((n) => kernel_size.includes(n)),
    mistakes({ layer }) {
      const { mode, groups } = layer;
      const [a, b, ...size] = weightShape(layer), [height, width] = size;
      /** @type {Mistake[]} */
      const list = [["axes", [b, a, ...size]],
        ["layout", weightShape({ ...layer, mode: mode === "conv" ? "transposed" : "conv" })],
        ["swapped", [a, b, width, height]], ["last", [height, width, b, a]]];
      if (groups > 1) {
        const [first, second] = weightAxes(layer).map((name) => layer[name]);
        list.splice(1, 0, ["groups", [first, second, ...size]],
          ["divided", [first / groups, second, ...size]],
          ["divided", [first / groups, second / groups, ...size]]);
      }
      return list;
    },
    explain({ layer }, [axis]) {
      const { groups, kernel_size } = layer, name = weightAxes(layer)[axis];
      return !name ? `kernel_size${Array.isArray(brief(kernel_size)) ? `[${axis - 2}]` : ""}`
        : name + (axis && groups > 1 ? ` / groups = ${layer[name]} / ${groups}` : "");
    },
  },
  field: {
    draw: (d, level) => ({ layer: layerOf({}),
      layers: range(level === 1 ? 2 : d.int(level, level + 1)).map(() => [d.int(2, 5),
        d.pick(level === 1 ? [1, 1, 2] : [1, 2, 2, 3]), level === 3 ? d.int(1, 3) : 1]) }),
    answer: ({ layers }) => receptiveField(layers),
    isDull: ({ layers }, field) => field > 99 ||
      // A stride of the last layer alone does not matter.
      (layers.length > 2 && layers.slice(0, -1).every(([, stride]) => stride === 1)),
    mistakes({ layers }) {
      const plain = (/** @type {number} */ at) =>
        receptiveField(layers.map((one) => one.map((value, i) => i === at ? 1 : value)));
      const own = layers.map(([k, s, d], i) => [k, layers[i + 1]?.[1] ?? 1, d]);
      const right = receptiveField(layers);
      return /** @type {Mistake[]} */ ([
        ["stride", plain(1)], ["dilation", plain(2)],
        ["own", receptiveField([[1, layers[0][1], 1], ...own])],
        ["kernels", sum(layers.map(([k]) => k))],
        ["reversed", receptiveField(layers.toReversed())],
        ["one", right - 1],
      ]).filter(([, value]) => value !== right);
    },
    explain({ layers }) {
      let jump = 1;
      return `1 + ${layers.map(([k, s, d]) => {
        const term = `${d}·(${k} − 1)·${jump}`;
        jump *= s;
        return term;
      }).join(" + ")}`;
    },
  },
};

export const NAMES = Object.keys(KINDS);
const spot = (/** @type {string} */ letter, /** @type {number[]} */ at) =>
  `${letter}[${at.join(", ")}]`;

// ---- Exercises ----

/** The exercise of a kind, a level and a seed: `drawn`; `answer`, in cells that `places` counts up.
 * @param {string} kind @param {number} level @param {number} seed */
export function exerciseOf(kind, level, seed) {
  const d = dice(generator(`${kind} ${level} ${seed}`)), { draw, answer, isDull } = KINDS[kind];
  for (;;) {
    const drawn = /** @type {Drawn} */ (draw(d, level));
    if (!eachAxis(drawn.layer, isSound).every(Boolean)) continue;
    const right = answer(drawn);
    if (isDull?.(drawn, right)) continue;
    const e = { kind, level, seed, drawn, answer: right, places: placesOf(right) };
    // Every parameter that is given must matter.
    const matter = ["flipped", "stride", "padding", "crop", "dilation", "output_padding"];
    if (kind !== "field" && mistakesOf(e).some(([name, wrong]) => matter.includes(name) &&
      e.places.every((at) => [undefined, lookUp(right, at)].includes(lookUp(wrong, at))))) continue;
    return e;
  }
}
/** The mistakes that an exercise knows, those first that are named first.
 * @param {any} e @returns {Mistake[]} */
export const mistakesOf = (e) => KINDS[e.kind].mistakes(e.drawn);

/** The places of the cells of an answer. @param {any} answer @returns {number[][]} */
const placesOf = (answer) => !Array.isArray(answer) ? [[]]
  : answer.flatMap((part, i) => placesOf(part).map((at) => [i, ...at]));

/** The exercise as the element's property has it. @param {any} e */
export function publicOf({ kind, level, seed, answer, drawn }) {
  const { layer, X, K, wanted, matrix, layers } = drawn;
  const given = (/** @type {string[]} */ names) => inCamels(names, (name) => layer[name]);
  /** @type {any} */
  const own = kind === "field" ? { layers } : kind === "shape"
    ? { layer: layer.mode === "conv" ? "Conv2d" : "ConvTranspose2d",
      ...given(["kernel_size", ...CHANNELS]) }
    : given(["mode", ...PAIRED].filter((name) => name !== kind));
  if (X) own.input = X;
  if (K) own.kernel = K;
  if (wanted) own.wanted = wanted;
  if (matrix) Object.assign(own, { matrix, row: rowIndex(drawn) });
  return structuredClone({ kind, level, seed, answer, ...own });
}
const rowIndex = (/** @type {Drawn} */ e) => e.at[0] * sidesOf(e)[0][1] + e.at[1];

/** The values that the sentence of an exercise names; the sentence is TEXT.ask[name].
 * @param {any} e @returns {Record<string, any>} */
export function asked({ kind, drawn }) {
  const { layer, wanted, matrix, layers } = drawn;
  if (kind === "field") return { layers: layers.map(([k, stride, dilation]) =>
    `kernel_size=${k}${options(layerOf({ stride, dilation }))}`) };
  if (kind === "shape") return { call: `nn.Conv${layer.mode === "conv" ? "" : "Transpose"}2d(${
    layer.in_channels}, ${layer.out_channels}, kernel_size=${python(layer.kernel_size)}${
    options(layer)})` };
  const told = kind === "output_padding" ? { ...layer, output_padding: 0 } : layer;
  return { call: callOf(told), n: by(layer.input_size), k: by(layer.kernel_size),
    ...wanted && { wanted: by(wanted) },
    ...matrix && { matrix: matrix === "W" ? "W" : "Wᵀ", row: rowIndex(drawn),
      like: matrix === "W" ? "X" : "Y" } };
}

/** What a cell is called. @param {any} e @param {number[]} at */
export const nameOf = (e, at) => {
  const { matrix, row } = asked(e);
  return e.kind === "fill" ? spot("Y", at) : e.kind === "row" ? spot(matrix, [row, ...at])
    : e.kind === "shape" ? fill(TEXT.axis, { axis: at[0] })
    : e.kind === "field" ? TEXT.field : WORDS.axes[at[0]];
};

/** A cell's arithmetic, in words: `Y[0, 1] = 1·0 + 2·1 = 2`. @param {any} e @param {number[]} at */
export function arithmetic(e, at) {
  const worked = KINDS[e.kind].explain(e.drawn, at), end = write(lookUp(e.answer, at));
  return e.kind === "row" ? `${worked}: ${nameOf(e, at)} = ${end}`
    : `${nameOf(e, at)} = ${worked === end ? "" : `${worked} = `}${end}`;
}

/** Mistakes that are made in all numbers or in none: one that is right speaks against them. */
const THROUGHOUT = ["swapped", "axes", "layout", "last", "matrix", "turned"];

/** The name of the mistake that leads to a wrong number: of all that do, the one that agrees best
 * with everything that was entered. undefined if there is none.
 * @param {any} e @param {number} index
 * @param {(number | undefined)[]} entered one for each place */
export function recognize(e, index, entered) {
  let best, least = Infinity;
  for (const [name, wrong] of mistakesOf(e)) {
    const numbers = e.places.map((at) => lookUp(wrong, at));
    if (numbers[index] !== entered[index]) continue;
    const against = entered.filter((n, i) => ![undefined, numbers[i]].includes(n)).length;
    if (against < (THROUGHOUT.includes(name) ? Math.min(least, 1) : least))
      [best, least] = [name, against];
  }
  return best;
}

/** What a hint lights: the cells of X, of K and of the answer that make a cell.
 * @param {any} e @param {number[]} at @returns {Record<string, number[][]>} */
export function lights({ kind, answer, drawn: { layer } }, at) {
  const window = windowOf(layer, [0, ...at]);
  return kind === "fill" ? { X: window.map(({ input }) => input.slice(1)),
    K: window.map(({ kernel }) => kernel.slice(2)) }
    : kind === "row" ? { answer: placesOf(answer).filter((place) => lookUp(answer, place)) } : {};
}

/** A hint in words. @param {any} e @param {number[]} at */
export function hint({ kind, drawn: { layer, matrix, at: row } }, at) {
  const text = TEXT.hints[kind] ?? TEXT.hints[`${kind} ${matrix ?? layer.mode}`];
  return fill(text, { formula: formula(layer.mode, () => true), cell: spot("Y", at),
    output: spot("Y", row ?? []), input: spot("X", row ?? []) });
}

/** All that a page without scripts shows of an exercise; fixed.json holds some.
 * @param {string} kind @param {number} level @param {number} seed */
export function storedOf(kind, level, seed) {
  const e = exerciseOf(kind, level, seed);
  return { exercise: publicOf(e), asked: asked(e),
    worked: ["row", "shape"].includes(kind) ? []
      : e.places.map((at) => (kind === "fill" ? `${nameOf(e, at)} = ` : "") +
        KINDS[kind].explain(e.drawn, at)) };
}
