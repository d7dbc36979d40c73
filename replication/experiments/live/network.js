"use strict";
// The 4-2-4 network of page 363. Its rule is the class of simulator/rule/recirculation.py, printed.

{% include "live/rule.js" %}

const PATTERNS = RecirculationNetwork.patterns;
const N_WEIGHTS = 22;
const N_ENCODER = 10;  // W and its biases come first

// Philox 4x64-10, the generator of simulator/rule/weights.py: initial weights of a seed, bit by bit.
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

class LiveNetwork extends RecirculationNetwork {
  // Weights one after another: W (2 x 4), its biases b, U (4 x 2), its biases c.
  // Those that `frozen` names, for instance ["b"], keep their initial values; of those that `skip`
  // names, for instance {W: 5}, so many first changes are not made.
  constructor(weights, { rate, regression, criterion, frozen = [], skip = {} }) {
    super(weights, { regression, arriving: 1 - regression, hidden_rate: rate, visible_rate: rate });
    Object.assign(this, { criterion, frozen, skip });
  }

  static fromChance(halfWidth, settings) {
    const draw = () => halfWidth * (2 * Math.random() - 1);
    return new LiveNetwork(Array.from({ length: N_WEIGHTS }, draw), settings);
  }

  weights() { return Array.from(this.now); }

  update() {
    super.update();
    this.frozen.forEach((name) => this.keep(name));
    for (const name in this.skip) if (this.updates <= this.skip[name]) this.keep(name);
  }

  error() { return super.error(this.criterion); }

  // All states of pattern k, from time 0 to time 3, and its reconstruction.
  pass(k) {
    const [first, last, image, second] = this.states().map((rows) => rows[k]);
    return { visible: PATTERNS[k], first, image, second, last };
  }

  // Learns until the error is below the threshold or there have been so many updates.
  train(threshold, cap) {
    while (!(this.error() < threshold) && this.updates < cap) this.update();
    return this.error() < threshold;
  }
}
