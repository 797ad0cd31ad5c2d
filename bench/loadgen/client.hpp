// One connection that sends messages and checks what comes back.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <stdexcept>

#include "bench/loadgen/payload.hpp"
#include "common/unique_fd.hpp"

namespace loadgen {

using Clock = std::chrono::steady_clock;

// The server did not send back what it got, or hung up. The message says which client saw what.
struct BadEcho : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Client {
 public:
  Client(mux::UniqueFd socket, std::size_t number, std::size_t messageSize) noexcept
      : socket_(std::move(socket)), number_(number), size_(messageSize) {}

  int fd() const noexcept { return socket_.get(); }

  // One more message: sendOwed() will send it. Its latency counts from `due`.
  void start(Clock::time_point due);

  // Sends what was started. False if the kernel has no room for all of it: call again when it has.
  bool sendOwed(const Payload& payload);

  // Receives once into `room` and compares. What it got completes so many messages; takeReply() has
  // them one by one. Throws BadEcho.
  std::size_t receive(const Payload& payload, std::span<char> room);
  Clock::time_point takeReply();  // when that message was due

  std::size_t underWay() const noexcept { return due_.size(); }
  std::uint64_t started() const noexcept { return owed_ / size_; }
  bool ended() const noexcept { return ended_; }  // the server has hung up, after leave()

  void leave();  // half-close: the server will see the end of the input, and then hang up
  void reset();  // close with RST, as a client does whose program is killed

  std::deque<Clock::time_point> waiting;  // messages that are due and cannot start yet: --depth

 private:
  mux::UniqueFd socket_;
  std::size_t number_, size_;
  std::uint64_t owed_ = 0, sent_ = 0, received_ = 0;  // bytes
  std::deque<Clock::time_point> due_;                 // of the messages under way
  bool leaving_ = false, ended_ = false;
};

}  // namespace loadgen
