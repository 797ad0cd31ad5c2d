#include "bench/wakeup/pin.hpp"

#include <sched.h>

#include <vector>

namespace wakeup {
namespace {

// Read once, before any thread is pinned.
const std::vector<int> processors = [] {
  cpu_set_t set;
  std::vector<int> found;
  if (::sched_getaffinity(0, sizeof set, &set) == -1) return found;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) found.push_back(cpu);
  }
  return found;
}();

void pinTo(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

}  // namespace

void pinToFirst() {
  if (!processors.empty()) pinTo(processors.front());
}

void pinToLast() {
  if (!processors.empty()) pinTo(processors.back());
}

}  // namespace wakeup
