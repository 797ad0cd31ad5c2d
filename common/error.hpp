// Failures that mean "this program cannot go on" become exceptions that name the system call.
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace mux {

// The command line is wrong. labMain() prints the one line and exits 2.
struct UsageError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

// Throws what errno(3) says. `what` names the call and, where it helps, its argument.
[[noreturn]] inline void throwErrno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// What errno(3) says, as text: std::strerror() shares one buffer between all threads.
inline std::string errnoText(int error = errno) {
  return std::generic_category().message(error);
}

// For set-up calls, where -1 always means "give up":  UniqueFd fd(check(::socket(…), "socket"));
inline int check(int result, const char* call) {
  if (result == -1) throwErrno(call);
  return result;
}

}  // namespace mux
