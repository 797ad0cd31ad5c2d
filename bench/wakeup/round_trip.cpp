#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "bench/loadgen/histogram.hpp"
#include "bench/wakeup/channels.hpp"
#include "bench/wakeup/loops.hpp"
#include "bench/wakeup/pin.hpp"
#include "bench/wakeup/scenes.hpp"

namespace wakeup {
namespace {

using Clock = std::chrono::steady_clock;

// Round trips before those that Google Benchmark asks for, which on a busy machine may be one. They
// count for the percentiles.
constexpr int kLeast = 500;

class Stopwatch {
 public:
  void lap() {
    const Clock::time_point now = Clock::now();
    laps_.add(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now - last_).count()));
    last_ = now;
  }
  void report(benchmark::State& state) const {
    state.counters["p50"] = static_cast<double>(laps_.percentile(50)) / 1000;
    state.counters["p99"] = static_cast<double>(laps_.percentile(99)) / 1000;
  }

 private:
  Clock::time_point last_ = Clock::now();
  loadgen::Histogram laps_;
};

void betweenThreads(benchmark::State& state, const ChannelKind& kind) {
  const std::unique_ptr<Channel> there = kind.make(), back = kind.make();
  std::atomic<bool> over = false;
  std::jthread other([&] {
    pinToLast();
    for (;;) {
      there->sleep();
      if (over) return;
      back->wake();
    }
  });
  Stopwatch watch;
  const auto trip = [&] {
    there->wake();
    back->sleep();
    watch.lap();
  };
  for (int i = 0; i < kLeast; ++i) trip();
  for (auto _ : state) trip();
  over = true;
  there->wake();
  watch.report(state);
}

// A loop and a thread that is none: the thread sleeps on a futex, which costs the same for all
// loops.
void betweenLoopAndThread(benchmark::State& state, const LoopKind& kind) {
  const std::unique_ptr<Channel> back = blockingChannels().front().make();
  const std::unique_ptr<Loop> loop = kind.make();
  Stopwatch watch;
  const auto trip = [&] {
    loop->post([&back] { back->wake(); });
    back->sleep();
    watch.lap();
  };
  for (int i = 0; i < kLeast; ++i) trip();
  for (auto _ : state) trip();
  watch.report(state);
}

}  // namespace

void registerRoundTrips() {
  for (const ChannelKind& kind : blockingChannels()) {
    benchmark::RegisterBenchmark(("blocking/" + kind.name).c_str(), betweenThreads, kind)
        ->UseRealTime();
  }
  for (const ChannelKind& kind : epollChannels()) {
    benchmark::RegisterBenchmark(("epoll/" + kind.name).c_str(), betweenThreads, kind)
        ->UseRealTime();
  }
  for (const LoopKind& kind : loopKinds()) {
    benchmark::RegisterBenchmark(("loop/" + kind.name).c_str(), betweenLoopAndThread, kind)
        ->UseRealTime();
  }
}

}  // namespace wakeup
