// All clients of one run, in one epoll loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "bench/loadgen/client.hpp"
#include "bench/loadgen/connect.hpp"
#include "bench/loadgen/histogram.hpp"
#include "bench/loadgen/options.hpp"
#include "bench/loadgen/payload.hpp"
#include "common/unique_fd.hpp"

namespace loadgen {

// Seconds are wall time, nanoseconds are processor time.
struct Outcome {
  std::uint64_t messages = 0;
  std::uint64_t left = 0;       // clients that left: --lifetime
  std::uint64_t slowBytes = 0;  // that slow readers read
  std::uint64_t waits =
      0;  // calls of epoll_wait(2): messages / waits is how well they come in batches
  double seconds = 0;
  std::uint64_t ownCpu = 0;
  std::uint64_t serverCpu = 0;  // 0 without --server-pid
  Histogram latency;
};

// When to stop starting messages: whichever comes first.
struct Limit {
  std::uint64_t messages;
  Clock::duration duration;
};

class Load {
 public:
  // Connects everybody. Throws std::system_error.
  explicit Load(const Options& options);

  double connectSeconds() const noexcept { return connectSeconds_; }

  // Begins and ends with no message under way, so that what it measures is what its messages cost.
  // Throws BadEcho.
  Outcome run(const Limit& limit);

  // Of the idle clients, those that the server has hung up on.
  std::size_t idleLost() const;

 private:
  struct Phase {
    Limit limit;
    Clock::time_point begun, end;
    std::uint64_t started = 0, open = 0;  // open: due and not answered
    Outcome outcome;
  };

  void converse(Phase& phase);
  bool mayStart(const Phase& phase, Clock::time_point due) const noexcept;
  Clock::time_point dueTime(const Phase& phase, std::uint64_t message) const;
  void startDue(Phase& phase, Clock::time_point now);
  void serve(Phase& phase, std::size_t index, std::uint32_t events);
  void startNext(Phase& phase, Client& client, Clock::time_point now);
  void flush(std::size_t index);
  void sip(Phase& phase);
  void replace(Phase& phase, std::size_t index);
  bool isOld(const Client& client) const noexcept;
  Clock::duration untilNext(const Phase& phase, Clock::time_point now) const;
  void watch(int operation, std::size_t index, bool writable);

  Options options_;
  Payload payload_;
  Connector connector_;
  mux::UniqueFd epoll_;
  std::vector<std::unique_ptr<Client>> clients_, slow_;
  std::vector<bool> waitsForRoom_;
  std::vector<mux::UniqueFd> idle_;
  std::vector<char> room_;
  std::size_t nextNumber_ = 0;
  double connectSeconds_ = 0;
};

}  // namespace loadgen
