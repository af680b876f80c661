"""Matrices of `tools/dev bench sparse`: generated ones, and files where given."""
import glob
import os

import numpy as np
import scipy.io
import scipy.sparse as sp


def plain(matrix):
    """CSR with sorted entries, 32-bit indices, f64; duplicates are summed."""
    matrix = sp.csr_matrix(matrix, dtype=np.float64)
    matrix.sum_duplicates()
    matrix.indptr = matrix.indptr.astype(np.int32)
    matrix.indices = matrix.indices.astype(np.int32)
    return matrix


def random_values(matrix, seed):
    matrix.data = np.random.default_rng(seed).uniform(0.5, 1.5, matrix.nnz)
    return matrix


def fem27(k):
    """A 27-point stencil on a cube of k nodes a side."""
    line = sp.diags([1.0, 1.0, 1.0], [-1, 0, 1], shape=(k, k))
    return sp.kron(line, sp.kron(line, line))


def poisson(k):
    """The 5-point Laplacian on a square of k nodes a side."""
    line = sp.diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(k, k))
    one = sp.identity(k)
    return sp.kron(line, one) + sp.kron(one, line)


def rmat(scale, degree, seed=1):
    """Chakrabarti et al., SDM 2004, with the Graph500's probabilities."""
    rng = np.random.default_rng(seed)
    count = degree << scale
    rows, columns = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for bit in range(scale):
        draw = rng.random(count)
        rows |= (draw >= 0.76).astype(np.int64) << bit
        columns |= (((draw >= 0.57) & (draw < 0.76)) |
                    (draw >= 0.95)).astype(np.int64) << bit
    return sp.coo_matrix((np.ones(count), (rows, columns)), (1 << scale,) * 2)


def uniform(n, degree, seed=2):
    rng = np.random.default_rng(seed)
    count = n * degree
    return sp.coo_matrix((np.ones(count), (rng.integers(0, n, count),
                                           rng.integers(0, n, count))), (n, n))


def generated(quick):
    """Four that leave the caches (12 to 70 MB), four that stay in them."""
    found = {"small-fem27": fem27(16), "small-poisson": poisson(60),
             "small-rmat": rmat(12, 8), "small-uniform": uniform(5000, 8)}
    if not quick:
        found = {"fem27": fem27(60), "poisson": poisson(800),
                 "rmat": rmat(17, 8), "uniform": uniform(200_000, 8), **found}
    return found


def files(folder, least=3000):
    """Square real matrices of a folder, with enough entries to be measured."""
    found = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.mtx"))):
        rows, columns, _, _, field, _ = scipy.io.mminfo(path)
        if rows != columns or field == "complex":
            continue
        matrix = sp.csr_matrix(scipy.io.mmread(path))
        if matrix.nnz >= least:
            found[os.path.basename(path)[:-4]] = matrix
    return found


def all_matrices(quick, folder, only=()):
    """name -> CSR; values are positive, so that no check cancels."""
    found = generated(quick)
    if os.path.isdir(folder):
        found.update(files(folder))
    else:
        print(f"skipped: real matrices, {folder} is absent")
    return {name: random_values(plain(m), 3) for name, m in found.items()
            if not only or name in only}


def lower(a):
    """The undirected graph's entries below the diagonal."""
    return random_values(plain(sp.tril(a + a.T, -1)), 3)


def weights(n, degree, seed=5):
    """A layer of the GraphChallenge's networks: `degree` inputs a neuron."""
    rng = np.random.default_rng(seed)
    columns = np.repeat(np.arange(n), degree)
    rows = np.concatenate([rng.choice(n, degree, False) for _ in range(n)])
    return plain(sp.coo_matrix((np.full(n * degree, 1 / 16), (rows, columns)),
                               (n, n)))
