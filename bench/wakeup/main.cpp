// What it costs to wake a thread, by every channel and loop that this program knows: Google
// Benchmark.
//
//   wakeup posts LOOP N        posts N tasks, one after the other, to be counted by strace
//
// Benchmarks are called SCENE/HOW: --benchmark_filter=round-trip/EventLoop-eventfd runs one of
// them.
#include <benchmark/benchmark.h>

#include <string>

#include "bench/wakeup/pin.hpp"
#include "bench/wakeup/scenes.hpp"
#include "common/log.hpp"

int main(int argc, char** argv) {
  mux::log::threshold = mux::log::Level::Error;
  if (argc == 4 && std::string(argv[1]) == "posts") {
    wakeup::pinToFirst();
    return wakeup::postOneByOne(argv[2], std::stoi(argv[3])) ? 0 : 2;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  wakeup::registerRoundTrips();
  wakeup::registerPosts();
  wakeup::registerChannels();
  wakeup::pinToFirst();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
