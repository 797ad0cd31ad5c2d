// Bytes that are ours to send but that the kernel has not taken yet.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mux {

// Holds no memory while it is empty: ten thousand idle clients cost ten thousand empty strings.
class OutputBuffer {
 public:
  void append(std::string_view bytes) { bytes_.append(bytes); }
  std::string_view pending() const noexcept { return std::string_view(bytes_).substr(sent_); }
  bool empty() const noexcept { return sent_ == bytes_.size(); }
  std::size_t size() const noexcept { return bytes_.size() - sent_; }

  // The kernel took the first `count` pending bytes.
  void consume(std::size_t count);

 private:
  std::string bytes_;
  std::size_t sent_ = 0;
};

}  // namespace mux
