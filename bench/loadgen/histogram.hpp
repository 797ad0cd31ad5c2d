// Durations, kept as counts in buckets of 0.1 % width or less: the data structure of HdrHistogram.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace loadgen {

// Values below kSlots are exact. Above, each power of two is cut into kSlots / 2 equal slots, so
// that a value is off by less than one part in 1024.
class Histogram {
 public:
  Histogram();

  void add(std::uint64_t nanoseconds) noexcept;

  // The value that `percent` of all values do not exceed, rounded up to the end of its slot; 0 if
  // there are none. 100 gives the largest value itself.
  std::uint64_t percentile(double percent) const noexcept;

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t least() const noexcept { return count_ == 0 ? 0 : least_; }
  double mean() const noexcept;

 private:
  static constexpr unsigned kSlotBits = 11;
  static constexpr std::uint64_t kSlots = 1u << kSlotBits;
  static constexpr unsigned kPowers = 64 - kSlotBits;  // above the exact part

  static std::size_t slotOf(std::uint64_t value) noexcept;
  static std::uint64_t lastOf(std::size_t slot) noexcept;  // the largest value that belongs there

  std::vector<std::uint64_t> slots_;
  std::uint64_t count_ = 0;
  std::uint64_t least_ = ~std::uint64_t{0};
  std::uint64_t most_ = 0;
  double sum_ = 0;
};

}  // namespace loadgen
