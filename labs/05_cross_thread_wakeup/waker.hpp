// Five ways to make a thread that sleeps in epoll_wait(2) return, from another thread.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <memory>
#include <string>

#include "common/unique_fd.hpp"

namespace lab05 {

// A descriptor that wake() makes ready. Once it is ready it stays so until drain(), so a wake()
// that comes before the sleeper sleeps is not lost, and any number of them may be one event.
class Waker {
 public:
  virtual ~Waker() = default;

  // Any thread, or a signal handler. Never blocks: a channel that is full has woken the sleeper.
  virtual void wake() noexcept = 0;

  // The sleeping thread.
  virtual int fd() const noexcept = 0;
  virtual std::uint32_t events() const noexcept { return EPOLLIN; }  // what to watch fd() for
  virtual void drain() noexcept = 0;  // makes fd() quiet again: once after each event
};

// eventfd(2): a counter in the kernel. One descriptor, eight bytes, and in practice never full.
class EventfdWaker : public Waker {
 public:
  EventfdWaker();

  void wake() noexcept override;
  int fd() const noexcept override { return fd_.get(); }
  void drain() noexcept override;

 private:
  mux::UniqueFd fd_;
};

// An eventfd that is never read, watched edge-triggered: every write is news, whatever the counter
// says. It saves the read(2) of each wake-up.
//
// The promise behind it is thin. epoll(7) speaks of a change of readiness, and a counter that goes
// from 1 to 2 was readable before. That each write(2) gives an edge is how Linux has always done
// it, and what programs have come to rely on: when Linux 5.5 broke the same habit for pipes, it had
// to be brought back. When the counter reaches 2^64 - 2, the write fails and no edge comes: at a
// thousand million wake-ups a second, in 584 years.
class EdgeEventfdWaker final : public EventfdWaker {
 public:
  std::uint32_t events() const noexcept override { return EPOLLIN | EPOLLET; }
  void drain() noexcept override {}
};

// Two connected descriptors: write a byte into one end, read it from the other.
class ChannelWaker final : public Waker {
 public:
  ChannelWaker(mux::UniqueFd reader, mux::UniqueFd writer) noexcept
      : reader_(std::move(reader)), writer_(std::move(writer)) {}

  void wake() noexcept override;
  int fd() const noexcept override { return reader_.get(); }
  void drain() noexcept override;

 private:
  mux::UniqueFd reader_, writer_;
};

std::unique_ptr<Waker> makePipeWaker();        // pipe2(2)
std::unique_ptr<Waker> makeSocketpairWaker();  // socketpair(2), AF_UNIX

// Two TCP sockets, connected over loopback: the way on systems that have neither of the above, or
// whose select(2) knows nothing but sockets. Takes two ports for as long as it lives.
std::unique_ptr<Waker> makeTcpWaker();

// By name: eventfd, eventfd-edge, pipe, socketpair, tcp. Throws UsageError for another, and
// std::system_error if the kernel has no descriptor left.
std::unique_ptr<Waker> makeWaker(const std::string& name);

}  // namespace lab05
