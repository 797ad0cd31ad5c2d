#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <string>

#include "bench/wakeup/channels.hpp"
#include "bench/wakeup/loops.hpp"
#include "bench/wakeup/scenes.hpp"

namespace wakeup {
namespace {

constexpr int kPosts = 10'000;                        // a round of the busy scene
constexpr std::chrono::microseconds kFallAsleep{50};  // a loop with nothing to do needs far less

// Calls of write(2) and its like by this thread so far, by the kernel's own books; -1 if it keeps
// none.
double writesSoFar() {
  std::ifstream books("/proc/thread-self/io");
  for (std::string name; books >> name;) {
    double value = -1;
    books >> value;
    if (name == "syscw:") return value;
  }
  return -1;
}

class Writes {
 public:
  void report(benchmark::State& state, double posts) const {
    const double now = writesSoFar();
    if (now >= 0) state.counters["writes"] = (now - before_) / posts;
  }

 private:
  double before_ = writesSoFar();
};

void toBusy(benchmark::State& state, const LoopKind& kind) {
  const std::unique_ptr<Loop> loop = kind.make();
  std::atomic<int> done = 0;
  const Writes writes;
  for (auto _ : state) {
    done.store(0, std::memory_order_relaxed);
    for (int i = 0; i < kPosts; ++i) {
      loop->post([&done] { done.fetch_add(1, std::memory_order_relaxed); });
    }
    while (done.load(std::memory_order_relaxed) != kPosts) {
    }
  }
  const double posts = static_cast<double>(state.iterations()) * kPosts;
  state.SetItemsProcessed(state.iterations() * kPosts);
  writes.report(state, posts);
}

void spinFor(std::chrono::nanoseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

// The time of post() alone: the poster pays for the system call that wakes the loop.
void toSleeping(benchmark::State& state, const LoopKind& kind) {
  const std::unique_ptr<Loop> loop = kind.make();
  std::atomic<bool> done = false;
  const Writes writes;
  for (auto _ : state) {
    spinFor(kFallAsleep);
    done = false;
    const auto begun = std::chrono::steady_clock::now();
    loop->post([&done] { done = true; });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    state.SetIterationTime(took.count());
    while (!done) {
    }
  }
  writes.report(state, static_cast<double>(state.iterations()));
}

// Nobody sleeps there, and nobody drains: what a wake-up costs the one who gives it.
void bare(benchmark::State& state, const ChannelKind& kind) {
  const std::unique_ptr<Channel> channel = kind.make();
  const Writes writes;
  for (auto _ : state) channel->wake();
  state.SetItemsProcessed(state.iterations());
  writes.report(state, static_cast<double>(state.iterations()));
}

}  // namespace

bool postOneByOne(const std::string& name, int posts) {
  for (const LoopKind& kind : loopKinds()) {
    if (kind.name != name) continue;
    const std::unique_ptr<Loop> loop = kind.make();
    std::atomic<int> done = 0;
    for (int i = 0; i < posts; ++i) {
      spinFor(kFallAsleep);
      loop->post([&done] { ++done; });
      while (done != i + 1) {
      }
    }
    return true;
  }
  return false;
}

void registerPosts() {
  for (const LoopKind& kind : loopKinds()) {
    benchmark::RegisterBenchmark(("busy/" + kind.name).c_str(), toBusy, kind)->UseRealTime();
    benchmark::RegisterBenchmark(("sleeping/" + kind.name).c_str(), toSleeping, kind)
        ->UseManualTime();
  }
  for (const ChannelKind& kind : epollChannels()) {
    benchmark::RegisterBenchmark(("bare/" + kind.name).c_str(), bare, kind)->UseRealTime();
  }
}

}  // namespace wakeup
