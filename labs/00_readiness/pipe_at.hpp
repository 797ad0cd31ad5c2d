// A pipe whose read end has the descriptor number of our choice.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "common/error.hpp"
#include "common/unique_fd.hpp"

namespace lab00 {

// While it lives, descriptor `number` is the read end of a pipe, even if it is standard output the
// rest of the time. Everything else it opens has numbers from kOutOfTheWay on.
class PipeAt {
 public:
  explicit PipeAt(int number)
      : number_(number),
        flags_(::fcntl(number, F_GETFD)),
        before_(::fcntl(number, F_DUPFD_CLOEXEC, kOutOfTheWay)) {
    if (!before_ && errno != EBADF) mux::throwErrno("fcntl F_DUPFD_CLOEXEC");
    int ends[2];
    mux::check(::pipe2(ends, O_CLOEXEC), "pipe2");
    // Moved first, for the kernel may have given one of the two the very number that we want.
    mux::UniqueFd low[] = {mux::UniqueFd(ends[0]), mux::UniqueFd(ends[1])};
    const mux::UniqueFd reader = copyOutOfTheWay(low[0]);
    writer_ = copyOutOfTheWay(low[1]);
    for (mux::UniqueFd& end : low) end.reset();
    mux::check(::dup2(reader.get(), number), "dup2");
  }
  PipeAt(const PipeAt&) = delete;
  PipeAt& operator=(const PipeAt&) = delete;
  ~PipeAt() {
    if (before_)
      ::dup3(before_.get(), number_, flags_ == FD_CLOEXEC ? O_CLOEXEC : 0);
    else
      mux::UniqueFd(number_).reset();
  }

  void receiveByte() { mux::check(static_cast<int>(::write(writer_.get(), "x", 1)), "write"); }

 private:
  static constexpr int kOutOfTheWay = 10;  // above every number that the lesson uses

  static mux::UniqueFd copyOutOfTheWay(const mux::UniqueFd& fd) {
    return mux::UniqueFd(
        mux::check(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kOutOfTheWay), "fcntl F_DUPFD_CLOEXEC"));
  }

  int number_;
  int flags_;             // FD_CLOEXEC, if it was set
  mux::UniqueFd before_;  // what the number stood for, empty if it was closed
  mux::UniqueFd writer_;
};

}  // namespace lab00
