//===- narrow.h - f16 and bf16 numbers on the host ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// C++ inside the project; no LLVM. Integer code, so that it is the same on
// every CPU and needs no library that a compiler would call. Rounding is to
// nearest, ties to even.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RT_NARROW_H
#define NOODLE_RT_NARROW_H

#include <bit>
#include <cstdint>

namespace noodle::rt {

/// A float that rounds to any type of at most 22 bits of precision as `value`
/// does: where it is not exact its last bit is set (Boldo and Melquiond,
/// Emulation of FMA and correctly rounded sums, 2008).
inline float roundToOdd(double value) {
  float near = float(value);
  uint32_t bits = std::bit_cast<uint32_t>(near);
  if (double(near) == value || near != near || (bits & 1))
    return near;
  double magnitude = value < 0 ? -value : value;
  double nearMagnitude = near < 0 ? -double(near) : double(near);
  return std::bit_cast<float>(magnitude > nearMagnitude ? bits + 1 : bits - 1);
}

/// IEEE binary16.
class Half {
public:
  Half() = default;
  explicit Half(float value) : held(fromFloat(value)) {}
  explicit Half(double value) : Half(roundToOdd(value)) {}
  static Half fromBits(uint16_t bits) {
    Half half;
    half.held = bits;
    return half;
  }
  uint16_t bits() const { return held; }

  operator float() const {
    uint32_t magnitude = uint32_t(held & 0x7fff) << 13;
    // 2^112 makes up for the exponent's bias, of denormals too.
    float value =
        std::bit_cast<float>(magnitude) * std::bit_cast<float>(0x77800000u);
    uint32_t bits = std::bit_cast<uint32_t>(value);
    if (magnitude >= 0x0f800000) // infinity, NaN
      bits |= 0x7f800000;
    return std::bit_cast<float>(bits | uint32_t(held & 0x8000) << 16);
  }

private:
  static uint16_t fromFloat(float value) {
    uint32_t bits = std::bit_cast<uint32_t>(value);
    uint32_t sign = bits & 0x80000000, magnitude = bits ^ sign;
    uint32_t rounded;
    if (magnitude >= 0x47800000) { // 2^16 and above
      rounded = magnitude > 0x7f800000 ? 0x7e00 : 0x7c00;
    } else if (magnitude < 0x38800000) { // denormal: 0.5's last bit is 2^-24
      rounded =
          std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) -
          0x3f000000;
    } else {
      uint32_t odd = magnitude >> 13 & 1;
      rounded = (magnitude - 0x38000000 + 0xfff + odd) >> 13;
    }
    return uint16_t(rounded | sign >> 16);
  }

  uint16_t held = 0;
};

/// bf16: the upper half of a float.
class Brain {
public:
  Brain() = default;
  explicit Brain(float value) : held(fromFloat(value)) {}
  explicit Brain(double value) : Brain(roundToOdd(value)) {}
  static Brain fromBits(uint16_t bits) {
    Brain brain;
    brain.held = bits;
    return brain;
  }
  uint16_t bits() const { return held; }

  operator float() const { return std::bit_cast<float>(uint32_t(held) << 16); }

private:
  static uint16_t fromFloat(float value) {
    uint32_t bits = std::bit_cast<uint32_t>(value);
    if (value != value) // the payload's lower half may be all there is
      return uint16_t(bits >> 16 | 0x40);
    return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }

  uint16_t held = 0;
};

static_assert(sizeof(Half) == 2 && sizeof(Brain) == 2);

} // namespace noodle::rt

#endif // NOODLE_RT_NARROW_H
