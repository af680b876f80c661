//===- ContractionText.h - fused contractions as text and as loops --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_TILING_CONTRACTIONTEXT_H
#define NOODLE_TEST_TILING_CONTRACTIONTEXT_H

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace noodle::test {

/// One contraction: operands by letters ("ik", "kj", "ij"), the extent of each
/// letter, an element type and what is around.
struct Contraction {
  std::string lhs, rhs, out;
  std::map<char, int64_t> extents;
  std::string type = "f32";
  std::string semiring =
      "plus_times"; ///< or min_plus, max_times, none (of these)
  bool dynamic = false, accumulate = false;
  bool bias = false;  ///< an extra with out's last letter is added, then relu
  bool scale = false; ///< lhs elements are doubled by the lhs body

  bool floats() const { return type[0] == 'f'; }
  std::vector<int64_t> shape(const std::string &letters) const {
    std::vector<int64_t> shape;
    for (char letter : letters)
      shape.push_back(extents.at(letter));
    return shape;
  }
  int64_t count(const std::string &letters) const {
    int64_t count = 1;
    for (int64_t extent : shape(letters))
      count *= extent;
    return count;
  }
  std::string letters() const {
    std::string all;
    for (char letter : out + lhs + rhs)
      if (all.find(letter) == std::string::npos)
        all += letter;
    return all;
  }
  std::string describe() const {
    std::string text = lhs + "," + rhs + "->" + out + " " + type + " " +
                       semiring + (dynamic ? " dynamic" : "") +
                       (accumulate ? " accumulate" : "") +
                       (bias ? " bias" : "") + (scale ? " scale" : "");
    for (auto [letter, extent] : extents)
      text += std::string(" ") + letter + "=" + std::to_string(extent);
    return text;
  }

  std::string text() const {
    std::string all = letters();
    auto map = [&](const std::string &operand) {
      std::string text = "affine_map<(";
      for (char letter : all)
        text += std::string(letter == all[0] ? "" : ", ") + letter;
      text += ") -> (";
      for (size_t k = 0; k < operand.size(); ++k)
        text += std::string(k ? ", " : "") + operand[k];
      return text + ")>";
    };
    auto tensor = [&](const std::string &operand) {
      std::string text = "tensor<";
      for (char letter : operand)
        text += (dynamic ? "?" : std::to_string(extents.at(letter))) + "x";
      return text + type + ">";
    };
    std::string last = out.empty() ? "" : out.substr(out.size() - 1);
    std::string t = "func.func @main(%a: " + tensor(lhs) +
                    ", %b: " + tensor(rhs) + ", %bias: " + tensor(last) +
                    ", %old: " + tensor(out) + ") -> " + tensor(out) + " {\n";
    std::string init = "%old";
    if (!accumulate) {
      std::string sizes;
      if (dynamic)
        for (size_t k = 0; k < out.size(); ++k) {
          std::string n = std::to_string(k);
          t += "  %i" + n + " = arith.constant " + n + " : index\n  %d" + n +
               " = tensor.dim %old, %i" + n + " : " + tensor(out) + "\n";
          sizes += (k ? ", %d" : "%d") + n;
        }
      t += "  %fresh = tensor.empty(" + sizes + ") : " + tensor(out) + "\n";
      init = "%fresh";
    }
    std::string mul = floats() ? "arith.mulf" : "arith.muli";
    std::string add = floats() ? "arith.addf" : "arith.addi";
    std::string sub = floats() ? "arith.subf" : "arith.subi";
    std::string max = floats() ? "arith.maximumf" : "arith.maxsi";
    std::string min = floats() ? "arith.minimumf" : "arith.minsi";
    std::string of = " : " + type + "\n";
    std::string zero = floats() ? "0.0" : "0", combine;
    if (semiring == "plus_times")
      combine =
          "%p = " + mul + " %x, %y" + of + "%s = " + add + " %sum, %p" + of;
    else if (semiring == "min_plus") {
      zero = type == "f32"   ? "0x7F800000"
             : type == "f64" ? "0x7FF0000000000000"
                             : "1000000";
      combine =
          "%p = " + add + " %x, %y" + of + "%s = " + min + " %sum, %p" + of;
    } else if (semiring == "max_times") {
      combine =
          "%p = " + mul + " %x, %y" + of + "%s = " + max + " %sum, %p" + of;
    } else {
      combine = "%p = " + mul + " %x, %y" + of + "%d = " + add + " %p, %sum" +
                of + "%q = " + sub + " %d, %p" + of + "%s = " + add +
                " %q, %p" + of;
    }
    t += "  %r = noodle.fused_contract lhs(%a : " + tensor(lhs) +
         ") rhs(%b : " + tensor(rhs) + ")" +
         (bias ? " extras(%bias : " + tensor(last) + ")" : "") + " outs(" +
         init + " : " + tensor(out) + ") {indexing_maps = [" + map(lhs) + ", " +
         map(rhs) + (bias ? ", " + map(last) : "") + ", " + map(out) +
         "], zero = " + zero + " : " + type +
         (accumulate ? ", accumulate" : "") +
         "}\n lhs_body {\n ^bb0(%x: " + type + "):\n" +
         (scale ? "%x2 = " + add + " %x, %x" + of + "noodle.yield %x2" + of
                : "noodle.yield %x" + of) +
         "} rhs_body {\n ^bb0(%y: " + type + "):\nnoodle.yield %y" + of +
         "} combine {\n ^bb0(%x: " + type + ", %y: " + type +
         ", %sum: " + type + "):\n" + combine + "noodle.yield %s" + of +
         "} epilogue {\n ^bb0(%sum: " + type + (bias ? ", %e: " + type : "") +
         "):\n";
    if (bias)
      t += "%zero = arith.constant " + std::string(floats() ? "0.0" : "0") +
           of + "%o = " + add + " %sum, %e" + of + "%m = " + max +
           " %o, %zero" + of + "noodle.yield %m" + of;
    else
      t += "noodle.yield %sum" + of;
    t += "} : " + tensor(out) + "\n  return %r : " + tensor(out) + "\n}\n";
    return t;
  }

  /// The same by plain loops; sums in Sum.
  template <typename T, typename Sum = T>
  std::vector<T> run(const std::vector<T> &a, const std::vector<T> &b,
                     const std::vector<T> &biases,
                     const std::vector<T> &old) const {
    std::string all = letters();
    std::vector<int64_t> extent = shape(all), index(all.size(), 0);
    auto strides = [&](const std::string &operand) {
      std::vector<int64_t> steps(all.size(), 0);
      int64_t stride = 1;
      for (size_t k = operand.size(); k-- > 0;) {
        steps[all.find(operand[k])] += stride;
        stride *= extents.at(operand[k]);
      }
      return steps;
    };
    std::vector<int64_t> sa = strides(lhs), sb = strides(rhs),
                         so = strides(out);
    Sum zero = semiring == "min_plus"
                   ? floats() ? Sum(std::numeric_limits<double>::infinity())
                              : Sum(1000000)
                   : Sum(0);
    std::vector<Sum> sums(count(out), zero);
    if (accumulate)
      for (size_t k = 0; k < sums.size(); ++k)
        sums[k] = old[k];
    int64_t total = 1;
    for (int64_t e : extent)
      total *= e;
    int64_t ia = 0, ib = 0, io = 0;
    for (int64_t n = 0; n < total; ++n) {
      if (n)
        for (size_t k = all.size(); k-- > 0;) {
          ia += sa[k], ib += sb[k], io += so[k];
          if (++index[k] < extent[k])
            break;
          ia -= sa[k] * extent[k], ib -= sb[k] * extent[k];
          io -= so[k] * extent[k];
          index[k] = 0;
        }
      Sum x = scale ? Sum(a[ia]) + Sum(a[ia]) : Sum(a[ia]), y = b[ib];
      Sum &s = sums[io];
      if (semiring == "min_plus")
        s = s != s || x + y != x + y ? x + y + s : std::min<Sum>(s, x + y);
      else if (semiring == "max_times")
        s = s != s || x * y != x * y ? x * y + s : std::max<Sum>(s, x * y);
      else
        s += x * y;
    }
    std::vector<T> result(sums.size());
    int64_t last = out.empty() ? 1 : extents.at(out.back());
    for (size_t k = 0; k < sums.size(); ++k) {
      Sum value = sums[k];
      if (bias) {
        value += biases[k % last];
        value = value != value ? value : std::max<Sum>(value, 0);
      }
      result[k] = value;
    }
    return result;
  }
};

} // namespace noodle::test

#endif // NOODLE_TEST_TILING_CONTRACTIONTEXT_H
