// The five wakers, each asked the same.
#include "labs/05_cross_thread_wakeup/waker.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/error.hpp"
#include "tests/unit/hooks.hpp"
#include "tests/unit/support.hpp"
#include "tests/unit/test_client.hpp"

namespace {

using lab05::makeWaker;
using lab05::Waker;
using mux::check;
using mux::UniqueFd;

// More than any of the channels holds: a socketpair 278, a pipe 65,536.
constexpr int kMoreThanFits = 70'000;

// Watches a waker the way a loop does.
class Sleeper {
 public:
  explicit Sleeper(const Waker& waker) {
    epoll_event event{};
    event.events = waker.events();
    check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, waker.fd(), &event), "epoll_ctl");
  }

  bool isWoken() const { return wait(0); }
  bool sleep() const {
    return wait(static_cast<int>(std::chrono::milliseconds(unit::kBackstop).count()));
  }

 private:
  bool wait(int timeoutMs) const {
    epoll_event event{};
    return check(::epoll_wait(epoll_.get(), &event, 1, timeoutMs), "epoll_wait") == 1;
  }

  UniqueFd epoll_{check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")};
};

std::string nameOf(const testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
}

class EveryWaker : public testing::TestWithParam<const char*> {
 protected:
  std::unique_ptr<Waker> waker_ = makeWaker(GetParam());
  Sleeper sleeper_{*waker_};
};
INSTANTIATE_TEST_SUITE_P(Wakers, EveryWaker,
                         testing::Values("eventfd", "eventfd-edge", "pipe", "socketpair", "tcp"),
                         nameOf);

TEST_P(EveryWaker, IsQuietUntilItIsAskedToWake) {
  EXPECT_FALSE(sleeper_.isWoken());
}

TEST_P(EveryWaker, WakesAThreadThatSleeps) {
  const unit::ThreadWatch self(::gettid());
  std::jthread other([&] {
    EXPECT_TRUE(unit::eventually([&] { return self.isWaiting(); }));
    waker_->wake();
  });
  EXPECT_TRUE(sleeper_.sleep());
}

TEST_P(EveryWaker, AWakeUpThatComesBeforeTheSleepIsNotLost) {
  waker_->wake();
  EXPECT_TRUE(sleeper_.sleep());
}

TEST_P(EveryWaker, IsQuietAgainOnceDrained) {
  waker_->wake();
  EXPECT_TRUE(sleeper_.sleep());
  waker_->drain();
  EXPECT_FALSE(sleeper_.isWoken());
}

TEST_P(EveryWaker, WakesAgainAfterEachDrain) {
  for (int i = 0; i < 1000; ++i) {
    waker_->wake();
    ASSERT_TRUE(sleeper_.sleep()) << "round " << i;
    waker_->drain();
  }
}

TEST_P(EveryWaker, DrainingWhatIsEmptyDoesNotBlock) {
  waker_->drain();
  waker_->drain();
  waker_->wake();
  EXPECT_TRUE(sleeper_.sleep());
}

TEST_P(EveryWaker, ManyWakeUpsAreDrainedTogether) {
  for (int i = 0; i < 200; ++i) waker_->wake();
  EXPECT_TRUE(sleeper_.sleep());
  int drains = 0;
  do {
    waker_->drain();
    ++drains;
  } while (sleeper_.isWoken());
  // Over TCP some may still have been on their way.
  EXPECT_LE(drains, GetParam() == std::string_view("tcp") ? 200 : 1);
}

TEST_P(EveryWaker, AFullChannelNeitherBlocksNorForgets) {
  for (int i = 0; i < kMoreThanFits; ++i) waker_->wake();
  EXPECT_TRUE(sleeper_.sleep());
  while (sleeper_.isWoken()) waker_->drain();  // TCP hands over in several parts what was queued
  waker_->wake();
  EXPECT_TRUE(sleeper_.sleep());
}

TEST_P(EveryWaker, LeavesErrnoAloneBecauseASignalHandlerMayCallIt) {
  for (int i = 0; i < kMoreThanFits; ++i) waker_->wake();
  errno = ENOENT;
  waker_->wake();
  EXPECT_EQ(errno, ENOENT);
}

TEST_P(EveryWaker, ManyThreadsMayWakeAtOnce) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 1000; ++n) waker_->wake();
      });
    }
    EXPECT_TRUE(sleeper_.sleep());
  }
  while (sleeper_.isWoken()) waker_->drain();
}

TEST_P(EveryWaker, EveryDescriptorIsNonBlockingAndCloseOnExec) {
  const std::vector<int> before = unit::openDescriptors();
  const std::unique_ptr<Waker> another = makeWaker(GetParam());
  int made = 0;
  for (const int fd : unit::openDescriptors()) {
    if (std::ranges::count(before, fd) != 0) continue;
    ++made;
    EXPECT_TRUE(::fcntl(fd, F_GETFL) & O_NONBLOCK) << "descriptor " << fd;
    EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC) << "descriptor " << fd;
  }
  EXPECT_EQ(made, std::string(GetParam()).starts_with("eventfd") ? 1 : 2);
}

TEST_P(EveryWaker, GivesItsDescriptorsBack) {
  const std::size_t before = unit::openDescriptors().size();
  makeWaker(GetParam()).reset();
  EXPECT_EQ(unit::openDescriptors().size(), before);
}

TEST_P(EveryWaker, WithoutDescriptorsCannotBeMadeAndLeaksNone) {
  for (std::size_t free = 0; free < 3; ++free) {
    const unit::FullTable full(free);
    try {
      makeWaker(GetParam());
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code().value(), EMFILE);
    }
    std::vector<UniqueFd> left;
    for (std::size_t i = 0; i < free; ++i) {
      left.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      EXPECT_TRUE(left.back()) << "of " << free << " descriptors";
    }
  }
}

TEST(Waker, AnUnknownNameIsAUsageError) {
  try {
    makeWaker("telepathy");
    FAIL() << "there is such a thing";
  } catch (const mux::UsageError& error) {
    EXPECT_STREQ(
        error.what(),
        "--wakeup: 'telepathy' is not one of eventfd, eventfd-edge, pipe, socketpair, tcp");
  }
}

TEST(EdgeEventfdWaker, IsWatchedEdgeTriggeredAndNeverRead) {
  const std::unique_ptr<Waker> waker = makeWaker("eventfd-edge");
  EXPECT_TRUE(waker->events() & EPOLLET);
  waker->wake();
  waker->wake();
  waker->drain();
  std::uint64_t count = 0;
  ASSERT_EQ(::read(waker->fd(), &count, sizeof count), 8);
  EXPECT_EQ(count, 2u);
}

// The open ends of the connection between two ports of this machine, by /proc/net/tcp.
int openEnds(int onePort, int otherPort) {
  int ends = 0;
  std::ifstream table("/proc/self/net/tcp");
  std::string line;
  std::getline(table, line);  // the headings
  while (std::getline(table, line)) {
    std::istringstream columns(line);
    std::string slot, local, remote, state;
    columns >> slot >> local >> remote >> state;
    const auto port = [](const std::string& address) {
      return std::stoi(address.substr(address.find(':') + 1), nullptr, 16);
    };
    const bool established = state == "01";
    if (established && std::minmax(port(local), port(remote)) == std::minmax(onePort, otherPort)) {
      ++ends;
    }
  }
  return ends;
}

TEST(TcpWaker, TakesTwoPortsAndGivesThemBack) {
  std::unique_ptr<Waker> waker = makeWaker("tcp");
  const int ours = mux::InetAddress::localOf(waker->fd()).port();
  const int theirs = mux::InetAddress::peerOf(waker->fd()).port();
  EXPECT_NE(ours, theirs);
  EXPECT_EQ(openEnds(ours, theirs), 2);
  waker.reset();
  EXPECT_EQ(openEnds(ours, theirs), 0);
}

// Any program on this machine can connect to a port of 127.0.0.1 that listens.
TEST(TcpWaker, TakesNoStrangerForItself) {
  std::optional<unit::TestClient> stranger;
  std::unique_ptr<Waker> waker;
  {
    const auto first = unit::hooks::connect.use(
        [&](int, const sockaddr* address, socklen_t) -> std::optional<int> {
          const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
          stranger.emplace(mux::InetAddress("127.0.0.1", ntohs(v4->sin_port)));
          return std::nullopt;
        });
    waker = makeWaker("tcp");
  }
  ASSERT_TRUE(stranger);
  EXPECT_EQ(stranger->receiveUntilGone(), "");
  const Sleeper sleeper(*waker);
  EXPECT_FALSE(sleeper.isWoken());
  waker->wake();
  EXPECT_TRUE(sleeper.sleep());
}

}  // namespace
