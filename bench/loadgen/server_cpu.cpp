#include "bench/loadgen/server_cpu.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "common/error.hpp"

namespace loadgen {
namespace {

constexpr std::chrono::microseconds kLook{200};
constexpr int kLooks = 5'000;  // then the server does not rest, and the figure is a little off

std::filesystem::path tasksOf(int pid) {
  std::filesystem::path tasks = "/proc/" + std::to_string(pid) + "/task";
  if (!std::filesystem::is_directory(tasks)) {
    errno = ESRCH;
    mux::throwErrno("--server-pid " + std::to_string(pid));
  }
  return tasks;
}

bool sleeps(const std::filesystem::path& task) {
  std::string stat;
  std::getline(std::ifstream(task / "stat"), stat);
  const std::size_t state = stat.rfind(") ") + 2;  // the name in parentheses may hold anything
  return state < stat.size() && stat[state] == 'S';
}

bool rests(int pid) {
  for (const auto& task : std::filesystem::directory_iterator(tasksOf(pid))) {
    if (!sleeps(task.path())) return false;
  }
  return true;
}

}  // namespace

void awaitRest(int pid) {
  for (int i = 0; i < kLooks && !rests(pid); ++i) std::this_thread::sleep_for(kLook);
}

std::uint64_t cpuOf(int pid) {
  std::uint64_t sum = 0;
  for (const auto& task : std::filesystem::directory_iterator(tasksOf(pid))) {
    std::uint64_t nanoseconds = 0;
    std::ifstream(task.path() / "schedstat") >> nanoseconds;
    sum += nanoseconds;
  }
  return sum;
}

}  // namespace loadgen
