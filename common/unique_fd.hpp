// The one place in common/ and labs/ that calls ::close().
#pragma once

#include <unistd.h>

#include <utility>

namespace mux {

// Owns a file descriptor the way std::unique_ptr owns a pointer. Empty is -1.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ != -1; }

  // Closes what it owns and takes over `fd`. Linux frees the number even when close(2) fails with
  // EINTR: a second try could close what another thread has just opened.
  void reset(int fd = -1) noexcept {
    if (const int old = std::exchange(fd_, fd); old != -1) ::close(old);
  }

 private:
  int fd_ = -1;
};

}  // namespace mux
