"""The same rules in JAX, written in two ways, and in Numba, in an environment that has them.

``python benchmarks/elsewhere.py FOLDER`` reads initial weights, FOLDER/NAME.npy, and prints for
each package and rule the seconds of processor time, without compiling, and the updates of each
network. On one core, in float64, to the same criterion and cap.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp
import numpy as np
from numba import njit

jax.config.update("jax_enable_x64", True)

CAP = 2000
THRESHOLD = 0.1
CHUNK = 50
"""Updates between two moments at which finished networks are taken out, in JAX."""
N_STEPS = 20
"""Steps in which the units of contrastive Hebbian learning settle."""
ENCODER = {"W": (2, 4), "b": (2,), "U": (4, 2), "c": (4,)}
SHAPES = {
    "Recirculation": ENCODER,
    "Alignment": {**ENCODER, "B": (2, 4)},
    "Hebbian": ENCODER,
    "Xor": {"W": (2, 2), "b": (2,), "w": (2,), "c": ()},
}
"""The arrays of each rule, in the order in which a row has them."""
XOR = (np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]]))
"""Patterns and targets."""


# JAX. q has the weights of one network by name, v is a pattern and t its target.


def sigmoid(x):
    return jax.nn.sigmoid(x)


def encode(q, v):
    """Return hidden and output states."""
    h = sigmoid(q["W"] @ v + q["b"])
    return h, sigmoid(q["U"] @ h + q["c"])


def recirculation(q, v, t):
    """Return the changes of the paper's rule."""
    h1, r = encode(q, v)
    v2 = 0.75 * v + 0.25 * r
    h3 = 0.75 * h1 + 0.25 * sigmoid(q["W"] @ v2 + q["b"])
    up = 20 * (h1 - h3)
    down = 20 * (v - v2)
    return {"W": jnp.outer(up, v2), "b": up, "U": jnp.outer(down, h1), "c": down}


def alignment(q, v, t):
    """Return the changes of feedback alignment, which has 0 for its fixed B."""
    h, r = encode(q, v)
    d = 9.5 * (t - r) * r * (1 - r)
    e = (q["B"] @ d) * h * (1 - h)
    return {"W": jnp.outer(e, v), "b": e, "U": jnp.outer(d, h), "c": d, "B": 0 * q["B"]}


def settle(q, v, clamped=None):
    """Return hidden and output states after settling, with free or clamped outputs."""

    def step(_, h):
        o = sigmoid(q["U"] @ h + q["c"]) if clamped is None else clamped
        return sigmoid(q["W"] @ v + q["U"].T @ o + q["b"])

    h = jax.lax.fori_loop(0, N_STEPS, step, sigmoid(q["W"] @ v + q["b"]))
    o = sigmoid(q["U"] @ h + q["c"]) if clamped is None else clamped
    return h, o


def hebbian(q, v, t):
    """Return the changes of contrastive Hebbian learning: clamped minus free phase."""
    h, o = settle(q, v)
    g, _ = settle(q, v, t)
    return {
        "W": jnp.outer(g - h, v),
        "b": g - h,
        "U": jnp.outer(t, g) - jnp.outer(o, h),
        "c": t - o,
    }


def answer_xor(q, v):
    h = sigmoid(q["W"] @ v + q["b"])
    return h, jnp.stack([sigmoid(q["w"] @ h + q["c"])])


def xor(q, v, t):
    """Return the changes of back-propagation."""
    h, (o,) = answer_xor(q, v)
    d = (t[0] - o) * o * (1 - o)
    e = d * q["w"] * h * (1 - h)
    return {"W": jnp.outer(e, v), "b": e, "w": d * h, "c": d}


# The outputs and the changes of each rule.
JAX = {
    "Recirculation": (lambda q, v: encode(q, v)[1], recirculation),
    "Alignment": (lambda q, v: encode(q, v)[1], alignment),
    "Hebbian": (lambda q, v: settle(q, v)[1], hebbian),
    "Xor": (lambda q, v: answer_xor(q, v)[1], xor),
}


def make_jax(name):
    """Return a function of rows that trains them in chunks; finished ones leave between chunks."""
    shapes = SHAPES[name]
    image, changes = JAX[name]
    v, t = XOR if name == "Xor" else (np.eye(4), np.eye(4))
    # Of the rules here, only that of XOR has momentum and a learning rate apart from its changes.
    momentum, rate = (0.9, 0.5) if name == "Xor" else (0.0, 1.0)

    def cut(row):
        """Return the arrays of a row by their names."""
        places = np.cumsum([0, *(int(np.prod(s)) for s in shapes.values())])
        parts = zip(shapes.items(), places[:-1], places[1:], strict=True)
        return {name: row[a:b].reshape(shape) for (name, shape), a, b in parts}

    def learn_chunk(row, last, updates):
        """Apply up to `CHUNK` updates to one network, until it is done."""

        def step(_, state):
            """Apply one update, unless the network is done."""
            q, last, updates, done = state
            error = jnp.abs(jax.vmap(lambda x: image(q, x))(v) - t).max()
            done = done | (error < THRESHOLD) | (updates >= CAP)
            each = jax.vmap(lambda x, y: changes(q, x, y))(v, t)
            new = {k: momentum * last[k] + rate * each[k].sum(0) for k in q}
            q = {k: jnp.where(done, q[k], q[k] + new[k]) for k in q}
            return q, new, jnp.where(done, updates, updates + 1), done

        q, last, updates, done = jax.lax.fori_loop(
            0, CHUNK, step, (cut(row), cut(last), updates, False)
        )
        flat = [jnp.concatenate([x[k].ravel() for k in shapes]) for x in (q, last)]
        return (*flat, updates, done)

    run = jax.jit(jax.vmap(learn_chunk))

    def train(rows):
        """Return the updates of each network."""
        ends = np.zeros(len(rows), int)
        left = np.arange(len(rows))
        last = np.zeros_like(rows)
        updates = np.zeros(len(rows), int)
        while len(left):
            size = max(64, 1 << (len(left) - 1).bit_length())  # few shapes to compile
            pad = np.resize(np.arange(len(left)), size)
            parts = (np.asarray(x)[: len(left)] for x in run(rows[pad], last[pad], updates[pad]))
            rows, last, updates, done = parts
            ends[left[done]] = updates[done]
            left, rows, last, updates = (x[~done] for x in (left, rows, last, updates))
        return ends

    return train


# JAX in another way, the quickest that was found: seeds are on the last axis, patterns are columns,
# and products of matrices are written as sums. Each rule returns its outputs and
# its changes, summed over the patterns.


def multiply(a, b):
    """Return products of matrices: (i, k, seed) times (k, pattern, seed)."""
    return (a[:, :, None] * b[None]).sum(1)


def spread(a):
    return a[:, None]  # the same for all patterns


def add_products(d, h):
    """Return outer products, summed over the patterns: (i, k, seed)."""
    return (d[:, None] * h[None]).sum(2)


def encode_all(q, v):
    h = sigmoid(multiply(q["W"], v) + spread(q["b"]))
    return h, sigmoid(multiply(q["U"], h) + spread(q["c"]))


def recirculate_all(q, v, t):
    """Return outputs and changes of the paper's rule."""
    h1, r = encode_all(q, v)
    v2 = 0.75 * v + 0.25 * r
    h3 = 0.75 * h1 + 0.25 * sigmoid(multiply(q["W"], v2) + spread(q["b"]))
    up = 20 * (h1 - h3)
    down = 20 * (v - v2)
    changes = {"W": add_products(up, v2), "U": add_products(down, h1)}
    return r, changes | {"b": up.sum(1), "c": down.sum(1)}


def align_all(q, v, t):
    """Return outputs and changes of feedback alignment."""
    h, r = encode_all(q, v)
    d = 9.5 * (t - r) * r * (1 - r)
    e = multiply(q["B"], d) * h * (1 - h)
    changes = {"W": add_products(e, v), "U": add_products(d, h), "B": 0 * q["B"]}
    return r, changes | {"b": e.sum(1), "c": d.sum(1)}


def settle_all(q, v, clamped=None):
    """Return hidden and output states after settling, with free or clamped outputs."""
    back = q["U"].swapaxes(0, 1)
    from_pattern = multiply(q["W"], v) + spread(q["b"])

    def step(_, h):
        o = sigmoid(multiply(q["U"], h) + spread(q["c"])) if clamped is None else clamped
        return sigmoid(from_pattern + multiply(back, o))

    h = jax.lax.fori_loop(0, N_STEPS, step, sigmoid(from_pattern))
    o = sigmoid(multiply(q["U"], h) + spread(q["c"])) if clamped is None else clamped
    return h, o


def learn_hebbian_all(q, v, t):
    """Return outputs and changes of contrastive Hebbian learning: clamped minus free phase."""
    h, o = settle_all(q, v)
    g, _ = settle_all(q, v, t)
    changes = {"W": add_products(g - h, v), "U": add_products(t, g) - add_products(o, h)}
    return o, changes | {"b": (g - h).sum(1), "c": (t - o).sum(1)}


def learn_xor_all(q, v, t):
    """Return outputs and changes of back-propagation for exclusive or."""
    h = sigmoid(multiply(q["W"], v) + spread(q["b"]))
    o = sigmoid(multiply(q["w"][None], h) + q["c"])
    d = (t - o) * o * (1 - o)
    e = d * spread(q["w"]) * h * (1 - h)
    changes = {"W": add_products(e, v), "w": add_products(d, h)[0]}
    return o, changes | {"b": e.sum(1), "c": d.sum((0, 1))}


LANES = {
    "Recirculation": recirculate_all,
    "Alignment": align_all,
    "Hebbian": learn_hebbian_all,
    "Xor": learn_xor_all,
}
AT_ONCE = 2048
"""Networks side by side; more would not fit in the processor's cache."""


def make_jax_lanes(name):
    """Return the same function as `make_jax`, with seeds on the last axis."""
    shapes = SHAPES[name]
    learn = LANES[name]
    v, t = XOR if name == "Xor" else (np.eye(4), np.eye(4))
    momentum, rate = (0.9, 0.5) if name == "Xor" else (0.0, 1.0)

    def step(_, state):
        """Apply one update to all networks that are not done."""
        q, last, updates, done = state
        sizes = (*v.T.shape, len(updates)), (*t.T.shape, len(updates))
        patterns = jnp.broadcast_to(v.T[:, :, None], sizes[0])  # (unit, pattern, seed)
        targets = jnp.broadcast_to(t.T[:, :, None], sizes[1])
        answer, changes = learn(q, patterns, targets)
        error = jnp.abs(answer - targets).max((0, 1))
        done = done | (error < THRESHOLD) | (updates >= CAP)
        new = {k: momentum * last[k] + rate * changes[k] for k in q}
        q = {k: jnp.where(done, q[k], q[k] + new[k]) for k in q}
        return q, new, jnp.where(done, updates, updates + 1), done

    run = jax.jit(lambda *state: jax.lax.fori_loop(0, CHUNK, step, state))

    def train_some(rows):
        """Return the updates of at most `AT_ONCE` networks."""
        places = np.cumsum([0, *(int(np.prod(s)) for s in shapes.values())])
        parts = zip(shapes.items(), places[:-1], places[1:], strict=True)
        q = {k: rows[:, a:b].T.reshape(*shape, len(rows)) for (k, shape), a, b in parts}
        last = {k: np.zeros_like(x) for k, x in q.items()}
        ends = np.zeros(len(rows), int)
        left = np.arange(len(rows))
        updates = np.zeros(len(rows), int)
        while len(left):
            size = max(64, 1 << (len(left) - 1).bit_length())  # few shapes to compile
            pad = np.resize(np.arange(len(left)), size)
            q, last = ({k: x[..., pad] for k, x in each.items()} for each in (q, last))
            q, last, updates, done = run(q, last, updates[pad], np.zeros(size, bool))
            updates, done = (np.asarray(x)[: len(left)] for x in (updates, done))
            ends[left[done]] = updates[done]
            going = np.flatnonzero(~done)
            q, last = (
                {k: np.asarray(x)[..., going] for k, x in each.items()} for each in (q, last)
            )
            left = left[going]
            updates = updates[going]
        return ends

    def train(rows):
        parts = [rows[k : k + AT_ONCE] for k in range(0, len(rows), AT_ONCE)]
        return np.concatenate([train_some(part) for part in parts])

    return train


# Numba, in the style of NumPy. Each function returns the updates of each network.


@njit
def logistic(x):
    return 1 / (1 + np.exp(-x))


@njit
def train_recirculation(rows):
    """Train networks by the paper's rule."""
    ends = np.full(len(rows), CAP)
    for n in range(len(rows)):
        r = rows[n].copy()
        W = r[:8].reshape(2, 4)
        b = r[8:10]
        U = r[10:18].reshape(4, 2)
        c = r[18:22]
        for t in range(CAP):
            error = 0.0
            change = np.zeros(22)
            for k in range(4):
                v = np.eye(4)[k]
                h1 = logistic(W @ v + b)
                image = logistic(U @ h1 + c)
                error = max(error, np.abs(image - v).max())
                v2 = 0.75 * v + 0.25 * image
                up = 20 * (h1 - (0.75 * h1 + 0.25 * logistic(W @ v2 + b)))
                down = 20 * (v - v2)
                change[:8] += np.outer(up, v2).ravel()
                change[8:10] += up
                change[10:18] += np.outer(down, h1).ravel()
                change[18:] += down
            if error < THRESHOLD:
                ends[n] = t
                break
            r += change
    return ends


@njit
def train_alignment(rows):
    """Train networks by feedback alignment."""
    ends = np.full(len(rows), CAP)
    for n in range(len(rows)):
        r = rows[n].copy()
        W = r[:8].reshape(2, 4)
        b = r[8:10]
        U = r[10:18].reshape(4, 2)
        c = r[18:22]
        B = r[22:].reshape(2, 4)
        for t in range(CAP):
            error = 0.0
            change = np.zeros(30)
            for k in range(4):
                v = np.eye(4)[k]
                h = logistic(W @ v + b)
                image = logistic(U @ h + c)
                error = max(error, np.abs(image - v).max())
                d = 9.5 * (v - image) * image * (1 - image)
                e = (B @ d) * h * (1 - h)
                change[:8] += np.outer(e, v).ravel()
                change[8:10] += e
                change[10:18] += np.outer(d, h).ravel()
                change[18:22] += d
            if error < THRESHOLD:
                ends[n] = t
                break
            r += change
    return ends


@njit
def settle_loop(W, b, U, c, v, t, is_clamped):
    """Return hidden and output states after settling, with free outputs or clamped to t."""
    h = logistic(W @ v + b)
    o = t  # replaced at once if outputs are free
    for _ in range(N_STEPS):
        if not is_clamped:
            o = logistic(U @ h + c)
        h = logistic(W @ v + U.T @ o + b)
    if is_clamped:
        return h, t
    return h, logistic(U @ h + c)


@njit
def train_hebbian(rows):
    """Train networks by contrastive Hebbian learning."""
    ends = np.full(len(rows), CAP)
    for n in range(len(rows)):
        r = rows[n].copy()
        W = r[:8].reshape(2, 4)
        b = r[8:10]
        U = r[10:18].reshape(4, 2)
        c = r[18:22]
        for t in range(CAP):
            error = 0.0
            change = np.zeros(22)
            for k in range(4):
                v = np.eye(4)[k]
                h, o = settle_loop(W, b, U, c, v, v, False)
                g, _ = settle_loop(W, b, U, c, v, v, True)
                error = max(error, np.abs(o - v).max())
                change[:8] += np.outer(g - h, v).ravel()
                change[8:10] += g - h
                change[10:18] += (np.outer(v, g) - np.outer(o, h)).ravel()
                change[18:] += v - o
            if error < THRESHOLD:
                ends[n] = t
                break
            r += change
    return ends


@njit
def train_xor(rows, patterns=XOR[0], targets=XOR[1]):
    """Train networks on exclusive or by back-propagation with momentum."""
    ends = np.full(len(rows), CAP)
    for n in range(len(rows)):
        r = rows[n].copy()
        last = np.zeros(9)
        W = r[:4].reshape(2, 2)
        b = r[4:6]
        w = r[6:8]
        for t in range(CAP):
            error = 0.0
            change = np.zeros(9)
            for k in range(4):
                v = patterns[k]
                target = targets[k, 0]
                h = logistic(W @ v + b)
                o = 1 / (1 + np.exp(-(w @ h + r[8])))
                error = max(error, abs(o - target))
                d = (target - o) * o * (1 - o)
                e = d * w * h * (1 - h)
                change[:4] += np.outer(e, v).ravel()
                change[4:6] += e
                change[6:8] += d * h
                change[8] += d
            if error < THRESHOLD:
                ends[n] = t
                break
            last = 0.9 * last + 0.5 * change
            r += last
    return ends


NUMBA = {
    "Recirculation": train_recirculation,
    "Alignment": train_alignment,
    "Hebbian": train_hebbian,
    "Xor": train_xor,
}


def main(folder):
    """Print, for each rule and package, seconds and updates as JSON."""
    measured = {}
    for name in SHAPES:
        rows = np.load(folder / f"{name}.npy")
        contenders = {
            "JAX": make_jax(name),
            "JAX, seeds last": make_jax_lanes(name),
            "Numba": NUMBA[name],
        }
        for package, train in contenders.items():
            train(rows)  # compiles, for all sizes that are met
            begun = time.process_time()
            updates = train(rows)
            seconds = time.process_time() - begun
            result = {"seconds": seconds, "updates": updates.tolist()}
            measured.setdefault(name, {})[package] = result
    print(json.dumps(measured))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
