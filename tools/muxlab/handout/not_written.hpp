// Stands for a function's body until somebody has written it.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace mux {

// Says in one line which function it is and where, and ends the program. Not an exception: a
// noexcept function or a thread lets none through, and a loop that logs what its handlers throw
// would go on without it. `file` and `line` are those of the call.
[[noreturn]] inline void notWritten(const char* function, const char* file = __builtin_FILE(),
                                    int line = __builtin_LINE()) noexcept {
  for (const char* from = file; (from = std::strstr(from, "labs/")) != nullptr; ++from) file = from;
  std::fprintf(stderr, "%s is not written yet: %s:%d (its declaration says what it must do)\n",
               function, file, line);
  std::_Exit(70);  // not 1: that is a set-up that failed, which some tests wait for
}

}  // namespace mux
