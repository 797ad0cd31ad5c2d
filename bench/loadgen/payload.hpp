// What the clients send: bytes that say which client they are from, and where in its stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace loadgen {

// One endless stream for each client, all cut from one table of noise. A byte that is lost,
// doubled, changed or sent to another client shows, because what follows does not fit any more.
class Payload {
 public:
  static constexpr std::size_t kMost = 256 * 1024;  // bytes that one part() can have

  Payload();

  // Bytes [at, at + size) of a client's stream. `size` is at most kMost.
  std::string_view part(std::size_t client, std::uint64_t at, std::size_t size) const noexcept;

  // Where `got` differs from part(client, at, got.size()): an index into `got`; empty if nowhere.
  std::optional<std::size_t> mismatch(std::size_t client, std::uint64_t at,
                                      std::string_view got) const noexcept;

 private:
  std::vector<char> noise_;
};

}  // namespace loadgen
