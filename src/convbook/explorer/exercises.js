/* The exercises of the trainer, without a page: what is asked, the answer, the classic mistakes,
and the arithmetic. A module, which node loads as it is.

A kind, a level and a seed give the same exercise everywhere and for ever: the numbers come from a
generator of our own, and tests hold what some seeds give. Whoever changes what is drawn changes
what shared addresses show. */

import { axisOf, brief, build, camel, convolve, fill, lookUp, outputPaddingFor, range, reachOf,
  receptiveField, sizeOf, sizesOf, weightShape, weightsAt, windowOf } from "./arithmetic.js";
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

const BOTH = [0, 1], PLAIN = { mode: "conv", stride: [1, 1], padding: [0, 0], dilation: [1, 1],
  output_padding: [0, 0], in_channels: 1, out_channels: 1, groups: 1 };
const layerOf = (/** @type {any} */ given) => /** @type {Layer} */ ({ ...PLAIN, ...given });
/** @param {Layer} layer @param {(s: Axis) => number} value @returns {any} */
const eachAxis = (layer, value) => BOTH.map((axis) => value(axisOf(layer, axis)));
const sum = (/** @type {number[]} */ values) => values.reduce((a, b) => a + b, 0);
const flip = (/** @type {any[][]} */ grid) => grid.map((row) => row.toReversed()).toReversed();
const equal = (/** @type {any} */ a, /** @type {any} */ b) => String(a) === String(b);
const by = (/** @type {any[]} */ size) => size.join(" × ");
export const write = (/** @type {number} */ value) => String(value).replace("-", "−");
const factor = (/** @type {number} */ value) => value < 0 ? `(${write(value)})` : value;
const isValid = (/** @type {Layer} */ layer) => BOTH.every((axis) => {
  const s = axisOf(layer, axis), size = sizeOf(s);
  return size > 0 && size < 65 && s.padding < reachOf(s) &&
    (s.mode === "conv" || s.output_padding < Math.max(s.stride, s.dilation));
});
/** The output of one channel. @param {Drawn} drawn @param {any} [changes] */
const outputOf = ({ layer, X, K }, changes = {}) => {
  const changed = { ...layer, ...changes };
  return sizesOf(changed).every((n) => n > 0) ? convolve(changed, [X], [[K]])[0] : [];
};
/** The mistakes that leave out a parameter of the layer.
 * @param {Layer} layer @param {string[]} names
 * @param {(changes: any) => any} answer @returns {Mistake[]} */
const ignoring = (layer, names, answer) => names.filter((name) => !equal(layer[name], PLAIN[name]))
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
    const names = ["stride", "padding", "dilation"];
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

/** @type {Record<string, string>} */
const LETTERS = {
  conv: "⌊(n + 2p − d·(k − 1) − 1) / s⌋ + 1", transposed: "(n − 1)·s − 2p + d·(k − 1) + o + 1" };
/** The size along an axis, in numbers. @param {Axis} s */
function sizeInNumbers(s) {
  const { mode, input_size: n, kernel_size: k, stride, padding: p, dilation, output_padding } = s;
  const span = `${dilation}·(${k} − 1)`, inner = n + 2 * p - reachOf(s);
  return mode === "conv" ? `⌊(${n} + 2·${p} − ${span} − 1) / ${stride}⌋ + 1 = ` +
    `⌊${inner} / ${stride}⌋ + 1` : `(${n} − 1)·${stride} − 2·${p} + ${span}` +
    `${output_padding ? ` + ${output_padding}` : ""} + 1`;
}

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
    ...ignoring(layer, ["stride", "padding", "dilation", "output_padding"], changed),
    ["other", changed({ mode: conv ? "transposed" : "conv", output_padding: [0, 0] })],
    ["swapped", changed({}).toReversed()],
    [conv ? "more" : "one", changed({}).map((size) => conv ? size + 1 : size - 1)],
  ];
}

/** A row of W as a grid over the inputs, or of Wᵀ over the outputs; undefined if it is not there.
 * @param {Drawn} drawn @param {any} [changes] @param {number[][]} [K] */
function rowAsGrid({ layer, matrix, at, K: own }, changes = {}, K = own) {
  const changed = { ...layer, ...changes }, sizes = sizesOf(changed), [i, j] = at;
  const size = matrix === "W" ? sizes : layer.input_size;
  if (Math.min(...sizes, i, j, size[0] - 1 - i, size[1] - 1 - j) < 0) return [];
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
      const { layer, X, K } = e, Y = outputOf(e), conv = layer.mode === "conv";
      const products = (/** @type {number[]} */ at) => windowOf(layer, [0, ...at]).map(
        ({ input: [, ...i], kernel: [, , ...k] }) => (lookUp(X, i) ?? 0) * lookUp(K, k));
      return [
        ["flipped", outputOf({ ...e, K: flip(K) })],
        ...ignoring(layer, ["stride", "padding", "dilation"], (changes) => outputOf(e, changes)),
        ...conv ? [] : /** @type {Mistake[]} */ ([
          ["extra", build(sizesOf(layer), (...at) =>
            BOTH.some((axis) => at[axis] >= sizesOf(layer)[axis] - layer.output_padding[axis]) ? 0
              : lookUp(Y, at))],
          ["overlap", build(sizesOf(layer), (...at) => products(at).at(-1) ?? 0)]]),
        ...shifted((down, right) => build(sizesOf(layer), (i, j) => !conv ? Y[i + down]?.[j + right]
          : sum(windowOf(layer, [0, i, j]).map(({ input: [, r, c], kernel: [, , ...k] }) =>
            (X[r + down]?.[c + right] ?? 0) * lookUp(K, k))))),
        ...range(K.flat().length).map((index) => /** @type {Mistake} */ (["missing",
          build(sizesOf(layer), (...at) => sum(products(at).filter((_, i) => i !== index)))])),
        ["sign", build(sizesOf(layer), (...at) => -lookUp(Y, at))],
      ];
    },
    explain: ({ layer, X, K }, at) => windowOf(layer, [0, ...at]).map(
      ({ input: [, ...i], kernel: [, , ...k] }) =>
        `${factor(lookUp(X, i) ?? 0)}·${factor(lookUp(K, k))}`).join(" + ") || "0",
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
    answer: ({ layer, wanted }) => BOTH.map((axis) =>
      outputPaddingFor(axisOf(layer, axis), wanted[axis])),
    isDull: ({ layer }) => !sum(layer.output_padding),
    mistakes({ layer, wanted }) {
      const right = layer.output_padding, none = { ...layer, output_padding: [0, 0] };
      const lacking = (/** @type {any} */ changes) =>
        sizesOf({ ...none, ...changes }).map((size, axis) => wanted[axis] - size);
      return [
        ["total", right.map((o, axis) => o - layer.padding[axis])],
        ...ignoring(layer, ["padding", "stride", "dilation"], lacking),
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
      const names = ["stride", "padding", "dilation"];
      if (level === 3 || (level === 2 && matrix === "W")) {
        const name = d.pick(level === 3 ? names : names.slice(0, 2));
        layer[name] = name === "padding" ? [1, 1] : [2, 2];
      }
      if (level === 3) layer.kernel_size = d.pick([[2, 2], [2, 3], [3, 2]]);
      if (level === 2 && layer.padding[0]) layer.input_size = [3, 3];
      const size = matrix === "W" ? sizesOf(layer) : layer.input_size;
      const at = size.map((n) => d.int(0, Math.max(n - 1, 0)));
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
        ...ignoring(e.layer, ["stride", "padding", "dilation"], (changes) =>
          fit(rowAsGrid(e, changes))),
        ...shifted((down, right) =>
          fit(rowAsGrid({ ...e, at: [e.at[0] + down, e.at[1] + right] }))),
        ["matrix", fit(rowAsGrid({ ...e, matrix: e.matrix === "W" ? "WT" : "W" }))],
        ["turned", turned.length ? fit(rowAsGrid(e, {}, turned)) : []],
      ];
    },
    explain(e, [index]) {
      const { layer, at, matrix } = e, isW = matrix === "W";
      const width = isW ? layer.input_size[1] : sizesOf(layer)[1];
      const there = [Math.floor(index / width), index % width];
      const [input, output] = isW ? [there, at] : [at, there];
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
      const layer = layerOf({ mode, groups, in_channels: groups * d.int(low, high),
        out_channels: groups * d.int(low, high), kernel_size: d.same(1, 7) });
      if (level === 3) layer.kernel_size = d.two(1, 7);
      return { layer };
    },
    answer: ({ layer }) => weightShape(layer),
    isDull: ({ layer: { in_channels, out_channels, kernel_size } }, [a, b]) => a === b ||
      in_channels === out_channels ||
      [in_channels, out_channels, a, b].some((n) => kernel_size.includes(n)),
    mistakes({ layer }) {
      const { mode, in_channels, out_channels, groups } = layer;
      const [a, b, ...size] = weightShape(layer), [height, width] = size;
      /** @type {Mistake[]} */
      const list = [["axes", [b, a, ...size]],
        ["layout", weightShape({ ...layer, mode: mode === "conv" ? "transposed" : "conv" })],
        ["swapped", [a, b, width, height]], ["last", [height, width, b, a]]];
      if (groups > 1) {
        const [first, second] = mode === "conv" ? [out_channels, in_channels]
          : [in_channels, out_channels];
        list.splice(1, 0, ["groups", [first, second, ...size]],
          ["divided", [first / groups, second, ...size]],
          ["divided", [first / groups, second / groups, ...size]]);
      }
      return list;
    },
    explain({ layer: { mode, in_channels, out_channels, groups, kernel_size } }, [axis]) {
      const names = ["in_channels", "out_channels"], numbers = [in_channels, out_channels];
      const [first, second] = mode === "conv" ? [1, 0] : [0, 1];
      if (axis > 1)
        return `kernel_size${Array.isArray(brief(kernel_size)) ? `[${axis - 2}]` : ""}`;
      return axis === 0 ? names[first] : names[second] +
        (groups > 1 ? ` / groups = ${numbers[second]} / ${groups}` : "");
    },
  },
  field: {
    draw: (d, level) => ({ layer: layerOf({ input_size: [1, 1], kernel_size: [1, 1] }),
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
    if (!["field", "shape"].includes(kind) && !isValid(drawn.layer)) continue;
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
export function publicOf({ kind, level, seed, answer, drawn: { layer, X, K, wanted, matrix, at,
  layers } }) {
  const given = (/** @type {string[]} */ names) =>
    Object.fromEntries(names.map((name) => [camel(name), layer[name]]));
  /** @type {any} */
  const own = kind === "field" ? { layers } : kind === "shape" ? {
    layer: layer.mode === "conv" ? "Conv2d" : "ConvTranspose2d",
    ...given(["kernel_size", "in_channels", "out_channels", "groups"]) }
    : given(["mode", "input_size", "kernel_size", "stride", "padding", "dilation",
      "output_padding"].filter((name) => name !== kind));
  if (X) own.input = X;
  if (K) own.kernel = K;
  if (wanted) own.wanted = wanted;
  if (matrix) Object.assign(own, { matrix, row: rowIndex(layer, matrix, at) });
  return structuredClone({ kind, level, seed, answer, ...own });
}
const rowIndex = (/** @type {Layer} */ layer, /** @type {string} */ matrix,
  /** @type {number[]} */ [i, j]) =>
  i * (matrix === "W" ? sizesOf(layer) : layer.input_size)[1] + j;

/** The values that the sentence of an exercise names; the sentence is TEXT.ask[name].
 * @param {any} e @returns {Record<string, any>} */
export function asked({ kind, drawn: { layer, wanted, matrix, at, layers } }) {
  const conv = layer.mode === "conv";
  const write = (/** @type {any} */ value) => {
    const short = brief(value);
    return Array.isArray(short) ? `(${short.join(", ")})` : short;
  };
  const options = ["stride", "padding", "output_padding", "dilation", "groups"].filter((name) =>
    !equal(layer[name], PLAIN[name]) && (kind !== "output_padding" || name !== kind))
    .map((name) => `, ${name}=${write(layer[name])}`).join("");
  return kind === "field" ? { layers: layers.map(([k, s, d]) => `kernel_size=${k}` +
      (s > 1 ? `, stride=${s}` : "") + (d > 1 ? `, dilation=${d}` : "")) }
    : kind === "shape" ? { call: `nn.Conv${conv ? "" : "Transpose"}2d(${layer.in_channels}, ${
      layer.out_channels}, kernel_size=${write(layer.kernel_size)}${options})` }
    : { call: `F.conv${conv ? "" : "_transpose"}2d(X, K${options})`, n: by(layer.input_size),
      k: by(layer.kernel_size), ...wanted && { wanted: by(wanted) },
      ...matrix && { matrix: matrix === "W" ? "W" : "Wᵀ", row: rowIndex(layer, matrix, at),
        like: matrix === "W" ? "X" : "Y" } };
}

/** What a cell is called. @param {any} e @param {number[]} at */
export const nameOf = ({ kind, drawn: { layer, matrix, at: row } }, at) =>
  kind === "fill" ? spot("Y", at)
    : kind === "row" ? spot(matrix === "W" ? "W" : "Wᵀ", [rowIndex(layer, matrix, row), ...at])
    : kind === "shape" ? fill(TEXT.axis, { axis: at[0] })
    : kind === "field" ? TEXT.field : TEXT.axes[at[0]];

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
    if (against < (THROUGHOUT.includes(name) ? Math.min(least, 1) : least)) [best, least] = [name, against];
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
  return fill(text, { formula: LETTERS[layer.mode], cell: spot("Y", at),
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
