#include "tests/unit/support.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <filesystem>
#include <random>
#include <stdexcept>

#include "common/error.hpp"

namespace unit {

using mux::check;
using mux::UniqueFd;

namespace {

// ppoll and not poll: see hooks::waitCalls().
short pollOnce(int fd, short events, std::chrono::seconds patience) {
  pollfd entry{fd, events, 0};
  const timespec timeout{patience.count(), 0};
  int count;
  do count = ::ppoll(&entry, 1, &timeout, nullptr);
  while (count == -1 && errno == EINTR);
  check(count, "ppoll");
  return entry.revents;
}

std::vector<int> numbersIn(const char* directory) {
  std::vector<int> numbers;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    numbers.push_back(std::stoi(entry.path().filename()));
  }
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace

void await(int fd, short events) {
  if (pollOnce(fd, events, kBackstop) == 0) {
    throw std::runtime_error("descriptor " + std::to_string(fd) + " did not become ready");
  }
}

bool isReady(int fd, short events) {
  return pollOnce(fd, events, std::chrono::seconds(0)) != 0;
}

mux::Options anyPort() {
  mux::Options options;
  options.address = mux::InetAddress("127.0.0.1", 0);
  return options;
}

std::string randomBytes(std::size_t count, std::uint_fast32_t seed) {
  std::mt19937 random(seed);
  std::string bytes(count, '\0');
  std::ranges::generate(bytes, [&] { return static_cast<char>(random()); });
  return bytes;
}

std::vector<int> openDescriptors() {
  std::vector<int> open = numbersIn("/proc/self/fd");
  std::erase_if(open, [](int fd) { return ::fcntl(fd, F_GETFD) == -1; });  // the look itself
  return open;
}

std::vector<pid_t> threadsOfThisProcess() {
  return numbersIn("/proc/self/task");
}

FullTable::FullTable(std::size_t free) {
  check(::getrlimit(RLIMIT_NOFILE, &before_), "getrlimit");
  rlimit lower = before_;
  constexpr std::size_t kFillers = 16;  // at least so many, for release()
  lower.rlim_cur = static_cast<rlim_t>(openDescriptors().back()) + 1 + free + kFillers;
  check(::setrlimit(RLIMIT_NOFILE, &lower), "setrlimit");
  for (;;) {
    UniqueFd filler(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!filler) break;
    fillers_.push_back(std::move(filler));
  }
  release(free);
}

FullTable::~FullTable() {
  ::setrlimit(RLIMIT_NOFILE, &before_);
}

void FullTable::release(std::size_t count) {
  assert(count <= fillers_.size());
  fillers_.resize(fillers_.size() - count);
}

ThreadWatch::ThreadWatch(pid_t thread)
    : thread_(thread),
      file_(check(::open(("/proc/self/task/" + std::to_string(thread) + "/syscall").c_str(),
                         O_RDONLY | O_CLOEXEC),
                  "open /proc/self/task/TID/syscall")) {
}

long ThreadWatch::systemCall() const {
  std::array<char, 256> text{};
  const ssize_t n = ::pread(file_.get(), text.data(), text.size() - 1, 0);
  if (n <= 0 || text[0] < '0' || text[0] > '9') return -1;  // "running"; or the thread has ended
  return std::atol(text.data());
}

bool ThreadWatch::isWaiting() const {
  switch (systemCall()) {
#ifdef SYS_select  // not on every architecture
    case SYS_select:
    case SYS_poll:
    case SYS_epoll_wait:
#endif
    case SYS_pselect6:
    case SYS_ppoll:
    case SYS_epoll_pwait:
      return true;
    default:
      return false;
  }
}

bool ThreadWatch::isBlocked() const {
  return systemCall() == SYS_futex;
}

LogCapture::LogCapture(mux::log::Level level)
    : levelBefore_(mux::log::threshold.exchange(level)),
      file_(check(::memfd_create("log", MFD_CLOEXEC), "memfd_create")),
      realStderr_(check(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), "fcntl")) {
  // So that lines of several threads do not overwrite each other: a memfd has no lock of its own.
  check(::fcntl(file_.get(), F_SETFL, O_APPEND), "fcntl");
  check(::dup2(file_.get(), STDERR_FILENO), "dup2");
}

LogCapture::~LogCapture() {
  ::dup2(realStderr_.get(), STDERR_FILENO);
  mux::log::threshold = levelBefore_;
}

void LogCapture::prepare() {
  const LogCapture toAFile;  // for a file, the log opens no descriptor of its own
  mux::log::stderrSink();
}

std::string LogCapture::text() const {
  std::string text;
  std::array<char, 65536> chunk;
  for (;;) {
    const ssize_t n =
        ::pread(file_.get(), chunk.data(), chunk.size(), static_cast<off_t>(text.size()));
    check(static_cast<int>(n), "pread");
    if (n == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(n));
  }
}

std::size_t LogCapture::count(std::string_view what) const {
  const std::string all = text();
  std::size_t times = 0;
  for (auto at = all.find(what); at != std::string::npos; at = all.find(what, at + 1)) ++times;
  return times;
}

}  // namespace unit
