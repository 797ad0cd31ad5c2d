#include "bench/loadgen/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace loadgen {

Histogram::Histogram() : slots_(kSlots + kPowers * kSlots / 2) {
}

void Histogram::add(std::uint64_t nanoseconds) noexcept {
  ++slots_[slotOf(nanoseconds)];
  ++count_;
  least_ = std::min(least_, nanoseconds);
  most_ = std::max(most_, nanoseconds);
  sum_ += static_cast<double>(nanoseconds);
}

std::uint64_t Histogram::percentile(double percent) const noexcept {
  const double share = std::ceil(percent / 100 * static_cast<double>(count_));
  const std::uint64_t wanted = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(share), 1,
                                                         std::max<std::uint64_t>(count_, 1));
  std::uint64_t seen = 0;
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    seen += slots_[slot];
    if (seen >= wanted) return std::min(lastOf(slot), most_);
  }
  return 0;
}

double Histogram::mean() const noexcept {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

// The highest kSlotBits bits of a value choose its slot; `power` says how many bits that leaves
// out.
std::size_t Histogram::slotOf(std::uint64_t value) noexcept {
  if (value < kSlots) return value;
  const auto power = static_cast<unsigned>(std::bit_width(value)) - kSlotBits;
  return kSlots + (power - 1) * kSlots / 2 + (value >> power) - kSlots / 2;
}

std::uint64_t Histogram::lastOf(std::size_t slot) noexcept {
  if (slot < kSlots) return slot;
  const std::uint64_t power = (slot - kSlots) / (kSlots / 2) + 1;
  const std::uint64_t top = (slot - kSlots) % (kSlots / 2) + kSlots / 2;
  return (top << power) + ((std::uint64_t{1} << power) - 1);
}

}  // namespace loadgen
