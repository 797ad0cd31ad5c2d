// EventLoop: watch(), change() and forget(), above all when handlers do to each other what clients
// do to a server.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "common/error.hpp"
#include "tests/unit/event_loop_support.hpp"

namespace {

using lab05::makeWaker;
using mux::check;
using mux::UniqueFd;
using unit::EventLoopTest;
using unit::LoopThread;
using unit::readable;
using unit::silent;

TEST_F(EventLoopTest, TellsAHandlerWhatHappened) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd one(ends[0]), two(ends[1]);
  std::uint32_t heard = 0;
  loop_.watch(one.get(), EPOLLIN | EPOLLOUT, [&](std::uint32_t events) {
    heard = events;
    loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(heard, static_cast<std::uint32_t>(EPOLLOUT));
}

TEST_F(EventLoopTest, ChangeReplacesWhatIsWaitedFor) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd one(ends[0]), two(ends[1]);
  ASSERT_EQ(::write(two.get(), "x", 1), 1);
  std::vector<std::uint32_t> heard;
  loop_.watch(one.get(), EPOLLIN, [&](std::uint32_t events) {
    heard.push_back(events);
    if (heard.size() == 1) loop_.change(one.get(), EPOLLOUT);
    if (heard.size() == 2) loop_.change(one.get(), EPOLLIN | EPOLLOUT);
    if (heard.size() == 3) loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(heard, (std::vector<std::uint32_t>{EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLOUT}));
}

TEST_F(EventLoopTest, WatchedForNothingADescriptorIsNotHeard) {
  const UniqueFd quiet = readable(), other = readable();
  bool heard = false;
  int turns = 0;
  loop_.watch(quiet.get(), EPOLLIN, [&](std::uint32_t) { heard = true; });
  loop_.change(quiet.get(), 0);
  loop_.watch(other.get(), EPOLLIN, [&](std::uint32_t) {
    if (++turns == 3) loop_.stop();
  });
  loop_.run();
  EXPECT_FALSE(heard);
}

TEST_F(EventLoopTest, AForgottenDescriptorIsNotHeard) {
  const UniqueFd forgotten = readable(), other = readable();
  int heard = 0, turns = 0;
  loop_.watch(forgotten.get(), EPOLLIN, [&](std::uint32_t) { ++heard; });
  loop_.forget(forgotten.get());
  loop_.watch(other.get(), EPOLLIN, [&](std::uint32_t) {
    if (++turns == 3) loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(heard, 0);
}

TEST_F(EventLoopTest, AForgottenDescriptorMayBeWatchedAgain) {
  const UniqueFd fd = readable();
  std::string heard;
  loop_.watch(fd.get(), EPOLLIN, [&](std::uint32_t) { heard += "old"; });
  loop_.forget(fd.get());
  loop_.watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
    heard += "new";
    loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(heard, "new");
}

// Both are ready in one batch; whichever is called first forgets the other.
TEST_F(EventLoopTest, ADescriptorForgottenInTheSameBatchIsNotHeard) {
  const UniqueFd one = readable(), two = readable();
  int heard = 0;
  const auto forgetOther = [&](const UniqueFd& other) {
    return [&](std::uint32_t) {
      ++heard;
      loop_.forget(other.get());
      loop_.stop();
    };
  };
  loop_.watch(one.get(), EPOLLIN, forgetOther(two));
  loop_.watch(two.get(), EPOLLIN, forgetOther(one));
  loop_.run();
  EXPECT_EQ(heard, 1);
}

TEST_F(EventLoopTest, TheNewOwnerOfANumberDoesNotHearTheOldOnesEvent) {
  UniqueFd descriptors[] = {readable(), readable()};
  bool newHeard = false;
  int oldHeard = 0;
  const auto replaceOther = [&](UniqueFd& other) {
    return [&](std::uint32_t) {
      ++oldHeard;
      const int number = other.get();
      loop_.forget(number);
      other.reset();
      other = silent();
      ASSERT_EQ(other.get(), number);
      loop_.watch(number, EPOLLIN, [&](std::uint32_t) { newHeard = true; });
      loop_.stop();
    };
  };
  loop_.watch(descriptors[0].get(), EPOLLIN, replaceOther(descriptors[1]));
  loop_.watch(descriptors[1].get(), EPOLLIN, replaceOther(descriptors[0]));
  loop_.run();
  EXPECT_EQ(oldHeard, 1);
  EXPECT_FALSE(newHeard);
}

TEST_F(EventLoopTest, AHandlerMayForgetItself) {
  UniqueFd fd = readable();
  const auto token = std::make_shared<std::string>("alive");
  int heard = 0;
  loop_.watch(fd.get(), EPOLLIN, [&, token](std::uint32_t) {
    ++heard;
    loop_.forget(fd.get());
    fd.reset();
    EXPECT_EQ(*token, "alive");  // what it captured is still there
    loop_.post([&] { loop_.stop(); });
  });
  loop_.run();
  EXPECT_EQ(heard, 1);
  EXPECT_EQ(token.use_count(), 1);  // and is given back after the batch
}

TEST_F(EventLoopTest, AHandlerMayForgetItselfAndWatchAgain) {
  const UniqueFd fd = readable();
  std::string heard;
  loop_.watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
    heard += 'a';
    loop_.forget(fd.get());
    loop_.watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
      heard += 'b';
      loop_.stop();
    });
  });
  loop_.run();
  EXPECT_EQ(heard, "ab");
}

TEST_F(EventLoopTest, WatchesHighDescriptors) {
  const UniqueFd low = readable();
  const UniqueFd high(check(::fcntl(low.get(), F_DUPFD_CLOEXEC, 900), "fcntl"));
  loop_.watch(high.get(), EPOLLIN, [&](std::uint32_t) { loop_.stop(); });
  loop_.run();
  loop_.forget(high.get());
}

TEST_F(EventLoopTest, HearsMoreDescriptorsThanOneCallReturns) {
  std::vector<UniqueFd> many;
  std::size_t heard = 0;
  for (int i = 0; i < 400; ++i) {
    many.push_back(readable());
    const int fd = many.back().get();
    loop_.watch(fd, EPOLLIN, [&, fd](std::uint32_t) {
      loop_.forget(fd);
      if (++heard == 400) loop_.stop();
    });
  }
  loop_.run();
  EXPECT_EQ(heard, 400u);
}

TEST_F(EventLoopTest, WhatCannotBeWatchedThrowsAndLeavesTheLoopAsItWas) {
  const UniqueFd fd = readable();
  std::string heard;
  loop_.watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
    heard += "first";
    loop_.stop();
  });
  EXPECT_THROW(loop_.watch(fd.get(), EPOLLIN, [&](std::uint32_t) { heard += "second"; }),
               std::system_error);
  const UniqueFd noEvents(check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open"));
  EXPECT_THROW(loop_.watch(noEvents.get(), EPOLLIN, [](std::uint32_t) {}), std::system_error);
  loop_.run();
  EXPECT_EQ(heard, "first");
}

#ifndef NDEBUG
TEST(EventLoopDeathTest, AnotherThreadMayNotTouchItsDescriptors) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";  // googletest 1.11 has no GTEST_FLAG_SET
  const auto watchFromHere = [] {
    const UniqueFd fd = silent();
    LoopThread loop(makeWaker("eventfd"));
    loop.park();
    loop->watch(fd.get(), EPOLLIN, [](std::uint32_t) {});
  };
  EXPECT_DEATH(watchFromHere(), "inLoopThread");
}
#endif

}  // namespace
