// Asks one of lab 05's wakers what it takes, what it holds, and what it costs: for ./muxlab
// compare.
//
//   waker_probe facts WAKER POSTS ROUNDS   prints what it found as JSON, then waits for the end of
//   its
//                                          input, so that whoever started it can look at its ports
//   waker_probe burst WAKER POSTS          to be run under strace: a line on stdout before and
//   after
//                                          each scene, so that the calls between can be counted
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "common/error.hpp"
#include "common/log.hpp"
#include "common/unique_fd.hpp"
#include "labs/05_cross_thread_wakeup/event_loop.hpp"
#include "labs/05_cross_thread_wakeup/waker.hpp"

namespace {

using namespace mux;
using namespace lab05;

constexpr std::uint64_t kEventfdMax = ~std::uint64_t{0} - 1;  // what eventfd(2) can count to
constexpr std::uint64_t kGiveUp = 50'000'000;  // wake-ups: more than any channel here holds

std::vector<int> openDescriptors() {
  constexpr int kMore = 100;  // than this program ever has
  std::vector<int> found;
  for (int fd = 0; fd < kMore; ++fd) {
    if (::fcntl(fd, F_GETFD) != -1) found.push_back(fd);
  }
  return found;
}

// Writes what Waker::wake() writes, which tells nobody whether there was room; returns that.
bool wakeFits(int writer, std::size_t size) {
  const std::uint64_t one = 1;
  return ::write(writer, &one, size) != -1 || errno != EAGAIN;
}

// Fills the waker; returns how many wake-ups fitted.
std::uint64_t fill(int writer, std::size_t size) {
  std::uint64_t known = 0;
  if (size == sizeof known) {  // nobody lives to see it full, so most are added at once
    constexpr std::uint64_t kByHand = 3;
    known = kEventfdMax - kByHand;
    check(static_cast<int>(::write(writer, &known, size)), "write");
  }
  std::uint64_t fitted = 0;
  while (fitted < kGiveUp && wakeFits(writer, size)) ++fitted;
  return known + fitted;
}

// A wake-up on a channel that is full: does a loop that has heard of all that came before hear of
// it?
bool heardWhenFull(Waker& waker) {
  const UniqueFd epoll(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
  epoll_event event{};
  event.events = waker.events();
  check(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, waker.fd(), &event), "epoll_ctl");
  check(::epoll_wait(epoll.get(), &event, 1, 0), "epoll_wait");  // what came before
  waker.wake();
  return check(::epoll_wait(epoll.get(), &event, 1, 0), "epoll_wait") == 1;
}

// A loop that runs in a thread of its own.
class RunningLoop {
 public:
  explicit RunningLoop(const std::string& waker)
      : loop_(makeWaker(waker)), thread_([this] {
          tid_ = static_cast<int>(::syscall(SYS_gettid));
          loop_.run();
        }) {}
  ~RunningLoop() { loop_.stop(); }  // then thread_, the last member, is joined

  EventLoop& operator*() noexcept { return loop_; }

  // Returns when the thread is asleep in epoll_wait(2), and not merely on its way there.
  void awaitParked() const {
    while (tid_ == 0) {
    }
    const std::string folder = "/proc/self/task/" + std::to_string(tid_);
    for (;;) {
      std::string stat, number;
      std::getline(std::ifstream(folder + "/stat"), stat);
      std::ifstream syscall(folder + "/syscall");
      const bool tells = static_cast<bool>(syscall >> number);  // not every kernel does
      const std::size_t state = stat.rfind(") ") + 2;
      if (state < stat.size() && stat[state] == 'S' && (!tells || isWait(number))) return;
    }
  }

 private:
  static bool isWait(std::string_view number) {
    long call = -1;
    std::from_chars(number.data(), number.data() + number.size(), call);
#ifdef SYS_epoll_wait
    if (call == SYS_epoll_wait) return true;
#endif
    return call == SYS_epoll_pwait;
  }

  EventLoop loop_;
  std::atomic<int> tid_ = 0;
  std::jthread thread_;
};

// Waits without a system call: none must come between those that are counted.
void spinUntil(const std::atomic<int>& value, int wanted) {
  while (value != wanted) {
  }
}

// Calls of write(2) and its like so far, by the kernel's own books; -1 if it keeps none.
long writesOfThisThread() {
  std::ifstream books("/proc/thread-self/io");
  for (std::string name; books >> name;) {
    long value = -1;
    books >> value;
    if (name == "syscw:") return value;
  }
  return -1;
}

// From another thread than the loop's, which is asleep. Returns when all have run.
void postToSleeping(RunningLoop& loop, int posts) {
  std::atomic<int> done = 0;
  loop.awaitParked();
  for (int i = 0; i < posts; ++i) (*loop).post([&done] { ++done; });
  spinUntil(done, posts);
}

// The wake-ups that one burst of posts needs, if the loop sleeps when it begins: how many depends
// on how quickly the loop wakes up and has run what is there. Empty if the kernel does not count.
std::vector<long> wakesPerBurst(const std::string& name, int posts, int rounds) {
  RunningLoop loop(name);
  std::vector<long> wakes;
  for (int i = 0; i < rounds; ++i) {
    const long before = writesOfThisThread();
    postToSleeping(loop, posts);
    if (before != -1) wakes.push_back(writesOfThisThread() - before);
  }
  return wakes;
}

void printList(std::string_view name, const auto& values) {
  std::cout << "\"" << name << "\": [";
  const char* separator = "";
  for (const auto& value : values) std::cout << std::exchange(separator, ", ") << value;
  std::cout << "], ";
}

int facts(const std::string& name, int posts, int rounds) {
  const std::vector<long> wakes = wakesPerBurst(name, posts, rounds);
  const std::vector<int> before = openDescriptors();
  const std::unique_ptr<Waker> waker = makeWaker(name);
  std::vector<int> held;
  std::ranges::set_difference(openDescriptors(), before, std::back_inserter(held));

  const int writer = held.front() == waker->fd() ? held.back() : held.front();
  const std::size_t size = held.size() == 1 ? sizeof(std::uint64_t) : 1;  // eventfd, or channel
  const std::uint64_t capacity = fill(writer, size);
  const bool refused = !wakeFits(writer, size);
  const bool heard = heardWhenFull(*waker);

  std::cout << "{";
  printList("descriptors", held);
  printList("wakesPerBurst", wakes);
  // A string: JSON's numbers are exact up to 2^53 only.
  std::cout << "\"capacity\": \"" << capacity << "\", \"fullGivesEagain\": " << std::boolalpha
            << refused << ", \"heardWhenFull\": " << heard << "}" << std::endl;
  std::cin.get();
  return 0;
}

// What strace shows between two of these belongs to the scene that the first one names.
void mark(std::string_view scene) {
  const std::string line = "muxlab scene " + std::string(scene) + "\n";
  check(static_cast<int>(::write(STDOUT_FILENO, line.data(), line.size())), "write");
}

// The loop is in the middle of a task, and stays there until all have been posted: what coalescing
// can do at its best, and the same every time.
void postToBusy(RunningLoop& loop, int posts, std::string_view scene) {
  std::atomic<int> begun = 0, mayEnd = 0, done = 0;
  loop.awaitParked();
  (*loop).post([&] {
    begun = 1;
    spinUntil(mayEnd, 1);
  });
  spinUntil(begun, 1);
  mark(scene);
  for (int i = 0; i < posts; ++i) (*loop).post([&done] { ++done; });
  mayEnd = 1;
  spinUntil(done, posts);
  mark("");
}

// No loop and no queue: every wake() is a system call. Then one wait, and what drain() needs.
void wakeWithoutLoop(const std::string& name, int wakes, std::string_view scene) {
  const std::unique_ptr<Waker> waker = makeWaker(name);
  const UniqueFd epoll(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
  epoll_event event{};
  event.events = waker->events();
  check(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, waker->fd(), &event), "epoll_ctl");
  mark(scene);
  for (int i = 0; i < wakes; ++i) waker->wake();
  check(::epoll_wait(epoll.get(), &event, 1, -1), "epoll_wait");
  waker->drain();
  mark("");
}

int burst(const std::string& name, int posts) {
  RunningLoop loop(name);
  // The first bursts make the loop's queues as large as they get: their memory must not count
  // below.
  for (int i = 0; i < 2; ++i) postToBusy(loop, posts, "warm-up");
  for (int i = 0; i < 3; ++i) postToBusy(loop, posts, "coalesced " + std::to_string(i));
  wakeWithoutLoop(name, posts, "bare");
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> words(argv + 1, argv + argc);
  log::threshold = log::Level::Error;
  if (words.size() == 4 && words[0] == "facts") {
    return facts(words[1], std::stoi(words[2]), std::stoi(words[3]));
  }
  if (words.size() == 3 && words[0] == "burst") return burst(words[1], std::stoi(words[2]));
  std::cerr << "usage: " << argv[0] << " facts WAKER POSTS ROUNDS | burst WAKER POSTS\n";
  return 2;
} catch (const std::exception& error) {
  std::cerr << argv[0] << ": " << error.what() << '\n';
  return 1;
}
