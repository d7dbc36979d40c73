"use strict";
// The 4-2-4 network of page 363 in plain JavaScript; numbers of equations are the paper's.

const PATTERNS = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]];
const N_WEIGHTS = 22;

// What each criterion makes of the deviations of the reconstructions, pattern by pattern.
const squares = (rows) => rows.map((row) => row.reduce((sum, d) => sum + d * d, 0));
const CRITERIA = {
  "every-unit": (rows) => Math.max(...rows.flat().map(Math.abs)),
  "every-unit-squared": (rows) => Math.max(...rows.flat().map((d) => d * d)),
  "every-unit-half-squared": (rows) => Math.max(...rows.flat().map((d) => d * d)) / 2,
  "worst-pattern": (rows) => Math.max(...squares(rows)) / 2,
  "half-squared-error": (rows) => squares(rows).reduce((sum, d) => sum + d, 0) / 2,
};

// Philox 4x64-10, the generator of simulator/weights.py: initial weights of a seed, bit by bit.
const MASK = (1n << 64n) - 1n;
function philox(counter, key) {
  let [a, b, c, d] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round += 1) {
    const [left, right] = [0xD2E7470EE14C6C93n * a, 0xCA5A826395121157n * c];
    [a, b, c, d] = [(right >> 64n) ^ b ^ k0, right & MASK, (left >> 64n) ^ d ^ k1, left & MASK];
    [k0, k1] = [(k0 + 0x9E3779B97F4A7C15n) & MASK, (k1 + 0xBB67AE8584CAA73Bn) & MASK];
  }
  return [a, b, c, d];
}

function drawWeights(seed, { root_seed, half_width, n_weights = N_WEIGHTS }) {
  const steps = Math.ceil(n_weights / 4);
  const words = Array.from({ length: steps }, (_, k) =>
    philox([BigInt(seed) * BigInt(steps) + BigInt(k + 1), 0n, 0n, 0n], [BigInt(root_seed), 0n])).flat();
  return words.slice(0, n_weights).map((word) => (Number(word >> 11n) * 2 ** -52 - 1) * half_width);
}

// What may be done to initial weights: W multiplied by `larger`; U as the transpose of W (`aligned`
// 1, or -1 with the sign turned), and as `long` as it ends; the `final` "W" or "U" with its biases.
// `final_weights` are those of the same network once it has learnt.
function prepare(weights, { larger = 1, aligned = 0, long = false, final = "" }, final_weights) {
  const changed = weights.map((weight, k) => (k < 8 ? larger * weight : weight));
  if (aligned) [0, 1, 2, 3].forEach((i) => [0, 1].forEach((j) => { changed[10 + 2 * i + j] = aligned * weights[4 * j + i]; }));
  if (long) {
    const [end, now] = [final_weights, changed].map((all) => Math.hypot(...all.slice(10, 18)));
    for (let k = 10; k < 18; k += 1) changed[k] *= end / now;
  }
  const [first, last] = { W: [0, 10], U: [10, N_WEIGHTS] }[final] ?? [0, 0];
  return changed.map((weight, k) => (k >= first && k < last ? final_weights[k] : weight));
}

class RecirculationNetwork {
  // Weights one after another: W (2 x 4), its biases b, U (4 x 2), its biases c.
  // Those that `frozen` names, for instance ["b"], keep their initial values; of those that `skip`
  // names, for instance {W: 5}, so many first changes are not made.
  constructor(weights, { rate, regression, criterion = "every-unit", frozen = [], skip = {} }) {
    this.W = [weights.slice(0, 4), weights.slice(4, 8)];
    this.b = weights.slice(8, 10);
    this.U = [10, 12, 14, 16].map((first) => weights.slice(first, first + 2));
    this.c = weights.slice(18, 22);
    Object.assign(this, { rate, regression, criterion, frozen, skip, updates: 0 });
  }

  static fromChance(halfWidth, settings) {
    const draw = () => halfWidth * (2 * Math.random() - 1);
    return new RecirculationNetwork(Array.from({ length: N_WEIGHTS }, draw), settings);
  }

  weights() {
    return [...this.W.flat(), ...this.b, ...this.U.flat(), ...this.c];
  }

  // Equations 1 and 2: a logistic function of the bias and the weighted states.
  activate(matrix, biases, states) {
    return matrix.map((row, k) => {
      const input = row.reduce((sum, weight, i) => sum + weight * states[i], biases[k]);
      return 1 / (1 + Math.exp(-input));
    });
  }

  // Equations 5 and 6: a state keeps a share of what it was.
  regress(before, arriving) {
    return before.map((state, i) => this.regression * state + (1 - this.regression) * arriving[i]);
  }

  // All states of one vector, from time 0 to time 3, and its reconstruction.
  pass(visible) {
    const first = this.activate(this.W, this.b, visible);
    const image = this.activate(this.U, this.c, first);
    const second = this.regress(visible, image);
    const last = this.regress(first, this.activate(this.W, this.b, second));
    return { visible, first, image, second, last };
  }

  // Weight change = rate x presynaptic state x difference of the postsynaptic states.
  learn(matrix, biases, presynaptic, before, after) {
    const learns = (name) =>
      !this.frozen.includes(name) && !(this.updates < (this.skip[name] ?? 0));
    this[matrix].forEach((row, k) => {
      const step = this.rate * (before[k] - after[k]);
      if (learns(matrix)) row.forEach((_, i) => { row[i] += step * presynaptic[i]; });
      if (learns(biases)) this[biases][k] += step;
    });
  }

  // One weight update: the changes of all vectors, made with the weights as they were, add up.
  update() {
    PATTERNS.map((pattern) => this.pass(pattern)).forEach((t) => {
      this.learn("U", "c", t.first, t.visible, t.second);  // equation 3
      this.learn("W", "b", t.second, t.first, t.last);  // equation 4
    });
    this.updates += 1;
  }

  reconstruct() {
    return PATTERNS.map((pattern) =>
      this.activate(this.U, this.c, this.activate(this.W, this.b, pattern)));
  }

  error() {
    const images = this.reconstruct();
    return CRITERIA[this.criterion](images.map((image, p) => image.map((r, i) => r - PATTERNS[p][i])));
  }

  // Learns until the error is below the threshold or there have been so many updates.
  train(threshold, cap) {
    while (!(this.error() < threshold) && this.updates < cap) this.update();
    return this.error() < threshold;
  }
}
