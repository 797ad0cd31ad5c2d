// Stands for a function's body until somebody has written it.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace mux {

// Says which function it is, in one line, and ends the program. Not an exception: a noexcept
// function or a thread lets none through, and a loop that logs what its handlers throw would go on
// without it.
[[noreturn]] inline void notWritten(const char* function) noexcept {
  std::fprintf(stderr, "%s is not written yet\n", function);
  std::_Exit(1);
}

}  // namespace mux
