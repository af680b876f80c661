"""Inputs of known answers: a counter mixed to 64 bits (Steele, Lea and Flood's
SplitMix64), so that every machine has the same matrices."""
import numpy as np
import scipy.sparse as sp


def mixed(seed, count):
    with np.errstate(over="ignore"):
        z = (np.uint64(seed << 32) + np.arange(count, dtype=np.uint64)
             + np.uint64(0x9E3779B97F4A7C15))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def dense(shape, seed, values, offset):
    """Integers from -offset on, as f64: sums of them are exact."""
    flat = (mixed(seed, int(np.prod(shape))) % np.uint64(values)).astype(float)
    return np.ascontiguousarray((flat - offset).reshape(shape))


def pairs(seed, count, n):
    ends = (mixed(seed, 2 * count) % np.uint64(n)).astype(np.int64)
    return ends[0::2], ends[1::2]


def csr(rows, columns, values, n):
    """Repeated places are added up; explicit zeros stay."""
    made = sp.csr_matrix((values, (rows, columns)), (n, n))
    made.sum_duplicates()
    made.indices = made.indices.astype(np.int32)
    made.indptr = made.indptr.astype(np.int32)
    return made
