#include <benchmark/benchmark.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "bench/wakeup/scenes.hpp"
#include "common/error.hpp"
#include "labs/05_cross_thread_wakeup/waker.hpp"

namespace wakeup {
namespace {

constexpr rlim_t kMany = 2'000;  // channels at once: so many that the kernel's pages are filled

struct Books {
  double kernelBytes = 0;
  int descriptors = 0, ports = 0;
};

Books look() {
  Books books;
  std::ifstream memory("/proc/meminfo");
  for (std::string name; memory >> name;) {
    double kilobytes = 0;
    memory >> kilobytes;
    if (name == "Slab:") books.kernelBytes = kilobytes * 1024;
    std::getline(memory, name);
  }
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) mux::throwErrno("opendir /proc/self/fd");
  while (const dirent* const entry = ::readdir(folder)) {
    if (entry->d_name[0] == '.') continue;
    ++books.descriptors;
    int protocol = 0;
    socklen_t size = sizeof protocol;
    const int fd = std::atoi(entry->d_name);
    if (::getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0) {
      books.ports += protocol == IPPROTO_TCP;
    }
  }
  ::closedir(folder);
  return books;
}

void holds(benchmark::State& state, const std::string& name) {
  rlimit files{};
  mux::check(::getrlimit(RLIMIT_NOFILE, &files), "getrlimit");
  files.rlim_cur = files.rlim_max;
  mux::check(::setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
  constexpr rlim_t kReserve = 100, kEach = 4;  // descriptors
  const auto many = static_cast<std::size_t>(std::min(kMany, (files.rlim_max - kReserve) / kEach));

  Books before, after;
  for (auto _ : state) {
    std::vector<std::unique_ptr<lab05::Waker>> wakers;
    wakers.reserve(many);
    before = look();
    for (std::size_t i = 0; i < many; ++i) {
      wakers.push_back(lab05::makeWaker(name));
      wakers.back()->wake();  // a pipe takes its page when the first byte comes
    }
    after = look();
  }
  const auto each = [many](auto more) {
    return static_cast<double>(more) / static_cast<double>(many);
  };
  state.counters["descriptors"] = each(after.descriptors - before.descriptors);
  state.counters["ports"] = each(after.ports - before.ports);
  state.counters["kernelBytes"] = each(after.kernelBytes - before.kernelBytes);
}

}  // namespace

void registerChannels() {
  for (const char* name : {"eventfd", "eventfd-edge", "pipe", "socketpair", "tcp"}) {
    benchmark::RegisterBenchmark((std::string("holds/") + name).c_str(), holds, name)
        ->Iterations(1);
  }
}

}  // namespace wakeup
