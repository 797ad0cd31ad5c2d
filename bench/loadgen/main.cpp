// Drives an echo server and tells, as JSON, what came back and how fast.
#include <sys/resource.h>

#include <iomanip>
#include <iostream>
#include <limits>
#include <string>

#include "bench/loadgen/load.hpp"
#include "bench/loadgen/options.hpp"
#include "common/error.hpp"

namespace {

using namespace loadgen;

Limit limitOf(const Options& options) {
  const bool counted = options.messages != 0;
  return {counted ? options.messages : std::numeric_limits<std::uint64_t>::max(),
          counted ? Clock::duration::max()
                  : std::chrono::duration_cast<Clock::duration>(options.duration)};
}

// For each descriptor there is one here and one in the server.
void raiseFileLimit() {
  rlimit files{};
  mux::check(::getrlimit(RLIMIT_NOFILE, &files), "getrlimit");
  files.rlim_cur = files.rlim_max;
  mux::check(::setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
}

double microseconds(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1000;
}

void report(const Options& options, const Load& load, const Outcome& outcome) {
  const auto messages = static_cast<double>(std::max<std::uint64_t>(outcome.messages, 1));
  const Histogram& latency = outcome.latency;
  std::cout << std::setprecision(12) << std::boolalpha
            << "{\"connections\": " << options.connections << ", \"size\": " << options.size
            << ", \"depth\": " << options.depth << ", \"idle\": " << options.idle
            << ", \"idleLost\": " << load.idleLost()
            << ", \"connectSeconds\": " << load.connectSeconds()
            << ", \"messages\": " << outcome.messages << ", \"seconds\": " << outcome.seconds
            << ", \"messagesPerSecond\": " << messages / outcome.seconds
            << ", \"clientsThatLeft\": " << outcome.left << ", \"slowBytes\": " << outcome.slowBytes
            << ", \"waits\": " << outcome.waits << ", \"clientCpuShare\": "
            << static_cast<double>(outcome.ownCpu) / 1e9 / outcome.seconds
            << ", \"serverCpuPerMessage\": ";
  if (options.serverPid == 0) {
    std::cout << "null";
  } else {
    std::cout << microseconds(outcome.serverCpu) / messages;
  }
  std::cout << ", \"latency\": {\"corrected\": " << (options.rate > 0)
            << ", \"least\": " << microseconds(latency.least())
            << ", \"mean\": " << latency.mean() / 1000;
  for (const auto& [name, percent] :
       {std::pair{"p50", 50.0}, {"p90", 90.0}, {"p99", 99.0}, {"p99.9", 99.9}, {"most", 100.0}}) {
    std::cout << ", \"" << name << "\": " << microseconds(latency.percentile(percent));
  }
  std::cout << "}}" << std::endl;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::optional<Options> options = parseOptions(argc, argv);
  if (!options) return 0;
  raiseFileLimit();
  Load load(*options);
  if (options->warmUp > 0) load.run({options->warmUp, Clock::duration::max()});
  const Outcome outcome = load.run(limitOf(*options));
  report(*options, load, outcome);
  return 0;
} catch (const mux::UsageError& error) {
  std::cerr << argv[0] << ": " << error.what() << " (--help lists the options)\n";
  return 2;
} catch (const std::exception& error) {
  std::cerr << argv[0] << ": " << error.what() << '\n';
  return 1;
}
