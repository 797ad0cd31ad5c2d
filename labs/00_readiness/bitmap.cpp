#include "labs/00_readiness/bitmap.hpp"

#include <sys/resource.h>
#include <sys/select.h>

#include <array>
#include <bit>
#include <cstring>
#include <sstream>
#include <string_view>

#include "common/error.hpp"
#include "labs/00_readiness/pipe_at.hpp"

namespace lab00 {
namespace {

// The byte that holds bits 0 to 7, as it lies in memory, bit 7 first.
std::string lowestBits(const fd_set& set) {
  std::array<unsigned char, sizeof(fd_set)> bytes;
  std::memcpy(bytes.data(), &set, sizeof set);
  constexpr bool kLittle = std::endian::native == std::endian::little;
  const unsigned byte = bytes[kLittle ? 0 : sizeof(fd_mask) - 1];
  std::string text;
  for (unsigned bit = 8; bit-- > 0;) {
    text += (byte >> bit & 1u) != 0 ? '1' : '0';
    if (bit == 4) text += ' ';
  }
  return text;
}

// One fd_set, and a line of text for everything that is done to it.
class Walk {
 public:
  Walk() { FD_ZERO(&set_); }

  void say(std::string_view text) { out_ << text << '\n'; }
  void show(const std::string& call, std::string_view remark = "") {
    out_ << "  " << call << std::string(kCallWidth - call.size(), ' ') << lowestBits(set_)
         << (remark.empty() ? "" : "   ") << remark << '\n';
  }
  void add(int fd, std::string_view remark = "") {
    FD_SET(fd, &set_);
    show("FD_SET(" + std::to_string(fd) + ", &set)", remark);
  }
  void wait(std::string_view remark) {
    // No timeout: what has been written to a pipe is in the pipe.
    const int count = mux::check(::select(6, &set_, nullptr, nullptr, nullptr), "select");
    show("select(6, &set, NULL, NULL, NULL) = " + std::to_string(count), remark);
  }
  std::string text() const { return out_.str(); }

 private:
  static constexpr std::size_t kCallWidth = 41;  // characters

  fd_set set_;
  std::ostringstream out_;
};

void sayLimit(Walk& walk) {
  rlimit files{};
  mux::check(::getrlimit(RLIMIT_NOFILE, &files), "getrlimit");
  const std::string size = std::to_string(FD_SETSIZE);
  walk.say("\nsizeof(fd_set) * 8 = " + std::to_string(sizeof(fd_set) * 8) +
           " bits: room for the descriptors 0 to " + std::to_string(FD_SETSIZE - 1) + ".");
  walk.say("What must be below FD_SETSIZE, " + size +
           ", is a descriptor's number, not how many are");
  walk.say("watched: a server with " + size + " open files cannot watch even one more client. And");
  walk.say("FD_SET(" + size + ", &set) does not fail: it changes whatever lies behind the set.");
  walk.say("This process may have " + std::to_string(files.rlim_cur) +
           " descriptors open (ulimit -n).");
}

}  // namespace

std::string walkThroughBitmap() {
  PipeAt five(5), two(2), one(1);
  Walk walk;
  walk.say("An fd_set is a bitmap: bit n stands for descriptor n. Here is the first byte of a");
  walk.say("real set. For this walk, the descriptors 5, 2 and 1 of this process are pipes.\n");
  walk.say("  descriptor                               7654 3210");
  walk.show("FD_ZERO(&set)");
  walk.add(5);
  walk.add(2);
  walk.add(1, "the question: 5, 2 or 1?");

  one.receiveByte();
  two.receiveByte();
  walk.say("\nOne byte arrives for 1, one for 2, none for 5.\n");
  walk.wait("the answer: only the ready bits are left");

  five.receiveByte();
  walk.say("\nThe answer has overwritten the question. Now a byte arrives for 5 as well.\n");
  walk.wait("5 is ready, but nobody asked about it");
  walk.add(5, "so fill the set before every call");
  walk.wait("");

  sayLimit(walk);
  return walk.text();
}

}  // namespace lab00
