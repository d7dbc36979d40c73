"use strict";
// Networks of linear units, drawn as their mean dynamics: all that they see of the inputs is the
// scatter S. Matrices are written along the principal directions, in which S is a list of numbers.

// A symmetric matrix as [eigenvalues, eigenvectors one a row], the largest first (Jacobi).
function diagonalise(matrix) {
  const n = matrix.length, a = matrix.map((row) => Float64Array.from(row));
  const vectors = a.map((_, i) => Float64Array.from(a, (_, j) => Number(i === j)));
  const total = matrix.flat().reduce((sum, x) => sum + x * x, 0);
  for (let sweep = 0, rest = 1; sweep < 30 && rest > 1e-24 * total; sweep += 1) {
    rest = 0;
    for (let p = 0; p < n; p += 1) for (let q = p + 1; q < n; q += 1) {
      rest += a[p][q] ** 2;
      if (a[p][q] === 0) continue;
      const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
      const tan = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
      const cos = 1 / Math.hypot(tan, 1), sin = tan * cos;
      const mix = function (one, i, other, j) {
        const x = one[i], y = other[j];
        one[i] = cos * x - sin * y;
        other[j] = sin * x + cos * y;
      };
      for (let k = 0; k < n; k += 1) mix(a[k], p, a[k], q);
      for (let k = 0; k < n; k += 1) { mix(a[p], k, a[q], k); mix(vectors[p], k, vectors[q], k); }
    }
  }
  const order = a.map((_, k) => k).sort((i, j) => a[j][j] - a[i][i]);
  return [order.map((k) => Math.max(0, a[k][k])), order.map((k) => vectors[k])];
}

// The product of X (rows x n) with the transpose of Y, both flat.
function cross(X, Y, n) {
  const rows = X.length / n, columns = Y.length / n, product = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i += 1) for (let j = 0; j < columns; j += 1) {
    let sum = 0;
    for (let d = 0, x = i * n, y = j * n; d < n; d += 1) sum += X[x + d] * Y[y + d];
    product[i * columns + j] = sum;
  }
  return product;
}

// The product of A (rows x m) and Y (m x n), both flat.
function times(A, Y, m) {
  const n = Y.length / m, rows = A.length / m, product = new Float64Array(rows * n);
  for (let i = 0; i < rows; i += 1) for (let j = 0; j < m; j += 1) {
    const factor = A[i * m + j];
    for (let d = 0, p = i * n, y = j * n; d < n; d += 1) product[p + d] += factor * Y[y + d];
  }
  return product;
}

class LinearNetwork {
  // `scatter`: [strengths, directions] of `diagonalise`. W, and U and Q as their transposes, are flat
  // (hidden x inputs), in pixels. `feedback` says through which matrix W sees what is missing:
  // "W" (recirculation), "U" (back-propagation) or "Q" (an inverse of U that is learnt, too). `decay`
  // is that of W and U; `sleep` draws W towards `echo` times U'; `noise` or decay draws Q towards 0.
  constructor([strengths, directions], { W, U, Q }, { rate, regression, feedback = "W", decay = 0, sleep = 0, echo = 0, noise = 0 }) {
    const flat = Float64Array.from(directions.flatMap((row) => [...row]));
    const turn = (matrix) => cross(Float64Array.from(matrix), flat, strengths.length);
    Object.assign(this, { strengths, directions, n: strengths.length, rate, regression, feedback, decay, sleep, echo, noise, updates: 0 });
    Object.assign(this, { W: turn(W), U: turn(U), Q: Q && turn(Q) });
    this.n_hidden = this.W.length / this.n;
    this.total = strengths.reduce((sum, x) => sum + x, 0);
  }

  weigh(matrix) {
    const weighed = new Float64Array(matrix.length);
    for (let k = 0; k < matrix.length; k += 1) weighed[k] = matrix[k] * this.strengths[k % this.n];
    return weighed;
  }

  // One update: the change of U is (I - UW)SW', that of W is M(I - UW)S, M the feedback.
  update() {
    const { n, n_hidden, W, U, regression } = this;
    const WS = this.weigh(W), G = cross(WS, W, n), M = this[this.feedback], MU = cross(M, U, n);
    const is_ours = this.feedback === "W";
    const [of_u, of_w] = is_ours ? [this.rate * (1 - regression), this.rate * (1 - regression) ** 2] : [this.rate, this.rate];
    const MS = is_ours ? WS : this.weigh(M), seen = times(MU, WS, n_hidden);
    const read = times(G, U, n_hidden);  // G is symmetric
    const push = new Float64Array(W.length);
    for (let k = 0; k < W.length; k += 1) push[k] = MS[k] - seen[k];
    if (is_ours) {  // h(3) comes from v(2), which is a mixture, too: times A = lambda I + (1 - lambda)(UW)'
      const back = times(cross(push, W, n), U, n_hidden);
      for (let k = 0; k < W.length; k += 1) push[k] = regression * push[k] + (1 - regression) * back[k];
    }
    if (this.feedback === "Q") {  // Q learns to undo U; noise on what it is given makes it forget the rest
      const left = new Float64Array(G.length), QUG = times(MU, G, n_hidden);
      for (let k = 0; k < G.length; k += 1) left[k] = G[k] - QUG[k];
      const change = times(left, U, n_hidden);
      for (let k = 0; k < W.length; k += 1) this.Q[k] += of_u * (change[k] - this.noise * this.Q[k]);
    }
    const kept = 1 - this.decay;
    for (let k = 0; k < W.length; k += 1) {
      W[k] = kept * W[k] + of_w * push[k] + this.sleep * (this.echo * U[k] - W[k]);
      U[k] = kept * U[k] + of_u * (WS[k] - read[k]);
    }
    this.updates += 1;
  }

  // The share of the variance that UW loses.
  lose() {
    const { n, n_hidden, W, U } = this;
    const G = cross(this.weigh(W), W, n), E = cross(U, U, n);
    let left = this.total;
    for (let k = 0; k < W.length; k += 1) left -= 2 * U[k] * W[k] * this.strengths[k % n];
    for (let k = 0; k < n_hidden ** 2; k += 1) left += E[k] * G[k];
    return left / this.total;
  }

  // The share of it that the feedback sees: |M(I - UW)S^(1/2)| squared beside |M S^(1/2)| squared.
  see() {
    const { n, n_hidden, W, U } = this, M = this[this.feedback];
    const seen = times(cross(M, U, n), W, n_hidden);
    let missed = 0, all = 0;
    for (let k = 0; k < M.length; k += 1) {
      missed += (M[k] - seen[k]) ** 2 * this.strengths[k % n];
      all += M[k] ** 2 * this.strengths[k % n];
    }
    return missed / all;
  }

  // What comes back of a deviation from the mean, both in pixels.
  rebuild(deviation) {
    const { n, n_hidden, directions } = this;
    const inside = directions.map((row) => row.reduce((sum, x, k) => sum + x * deviation[k], 0));
    const back = times(cross(Float64Array.from(inside), this.W, n), this.U, n_hidden);
    return deviation.map((_, k) => directions.reduce((sum, row, d) => sum + row[k] * back[d], 0));
  }
}
