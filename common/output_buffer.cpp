#include "common/output_buffer.hpp"

namespace mux {

void OutputBuffer::consume(std::size_t count) {
  sent_ += count;
  if (empty()) {
    std::string().swap(bytes_);  // clear() would keep the memory
    sent_ = 0;
  } else if (sent_ * 2 >= bytes_.size()) {  // move once half is dead: amortised O(1) per byte
    bytes_.erase(0, sent_);
    sent_ = 0;
  }
}

}  // namespace mux
