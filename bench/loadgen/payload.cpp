#include "bench/loadgen/payload.hpp"

#include <algorithm>
#include <random>

namespace loadgen {
namespace {

// A prime: no message size and no buffer size divides it, so a shift by either does not go unseen.
constexpr std::size_t kPeriod = 65'521;  // bytes
constexpr std::size_t kStride = 7'919;   // bytes between the streams of two clients; prime as well

}  // namespace

Payload::Payload() : noise_(kPeriod + kMost) {
  std::mt19937 random;  // not seeded: the same noise in every run
  std::ranges::generate(noise_, [&random] { return static_cast<char>(random()); });
  for (std::size_t i = kPeriod; i < noise_.size(); ++i) noise_[i] = noise_[i - kPeriod];
}

std::string_view Payload::part(std::size_t client, std::uint64_t at,
                               std::size_t size) const noexcept {
  return {noise_.data() + (client * kStride + at) % kPeriod, size};
}

std::optional<std::size_t> Payload::mismatch(std::size_t client, std::uint64_t at,
                                             std::string_view got) const noexcept {
  const std::string_view sent = part(client, at, got.size());
  if (sent == got) return std::nullopt;
  return static_cast<std::size_t>(std::ranges::mismatch(sent, got).in1 - sent.begin());
}

}  // namespace loadgen
