// watch() and forget(), above all when handlers do to each other what clients do to a server.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <optional>
#include <system_error>

#include "common/error.hpp"
#include "stage.hpp"

namespace {

using namespace inside;
using lab05::EventLoop;
using mux::UniqueFd;

TEST(Descriptors, AHandlerIsToldItsEvents) {
  Stage stage;
  int ends[2];
  mux::check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
             "socketpair");
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  std::vector<std::uint32_t> told;
  stage.loop().watch(ours.get(), EPOLLIN | EPOLLOUT, [&](std::uint32_t events) {
    told.push_back(events);
    forgetAndClose(stage.loop(), ours);
  });
  stage.run("a socket that can be written is watched for EPOLLIN and EPOLLOUT");
  step("its handler is told EPOLLOUT, once");
  checkEqual(1u, told.size());
  checkEqual(static_cast<std::uint32_t>(EPOLLOUT), told.front());
}

// Both are ready in one batch. Whoever is called first forgets the other.
TEST(Descriptors, ForgottenByAnotherHandlerOfTheSameBatch) {
  Stage stage;
  UniqueFd one = readable(), two = readable();
  int calls = 0;
  const auto forgetBoth = [&](std::uint32_t) {
    if (++calls > 1) {
      step("the other one's handler is not called any more");
      fail("it is called");
    }
    step("the handler that is called first forgets both");
    EventLoop& loop = stage.loop();  // the captures may be gone after forget()
    for (UniqueFd* const fd : {&one, &two}) forgetAndClose(loop, *fd);
  };
  stage.loop().watch(one.get(), EPOLLIN, forgetBoth);
  stage.loop().watch(two.get(), EPOLLIN, forgetBoth);
  stage.run("two descriptors are ready at the same time");
  step("one handler was called");
  checkEqual(1, calls);
}

TEST(Descriptors, ANumberThatIsUsedAgainInTheSameBatch) {
  Stage stage;
  UniqueFd fds[] = {readable(), readable()};
  int number = -1;
  const auto replaceOther = [&](UniqueFd& own, UniqueFd& other) {
    return [&](std::uint32_t) {
      if (number != -1) fail("the handler of the forgotten one is called");
      number = other.get();
      step("the first handler forgets and closes the other descriptor");
      stage.loop().forget(number);
      other.reset();
      step("a new descriptor, not ready, gets the same number, and is watched");
      other = silent();
      checkEqual(number, other.get());
      stage.loop().watch(number, EPOLLIN, [](std::uint32_t) {
        step("its handler hears nothing");
        fail("it hears the event of the one before", {"same number, another descriptor"});
      });
      forgetAndClose(stage.loop(), own);
    };
  };
  stage.loop().watch(fds[0].get(), EPOLLIN, replaceOther(fds[0], fds[1]));
  stage.loop().watch(fds[1].get(), EPOLLIN, replaceOther(fds[1], fds[0]));
  stage.whenAsleep("its handler hears nothing", [&] { stage.loop().forget(number); });
  stage.run("two descriptors are ready at the same time");
}

TEST(Descriptors, AHandlerMayForgetItself) {
  Stage stage;
  UniqueFd fd = readable();
  auto token = std::make_shared<int>();
  const std::weak_ptr<int> held = token;
  bool called = false;
  stage.loop().watch(fd.get(), EPOLLIN, [&, token = std::move(token)](std::uint32_t) {
    // The captures may be gone after forget().
    const std::weak_ptr<int>& stillHeld = held;
    UniqueFd& own = fd;
    called = true;
    step("the handler forgets its own descriptor");
    stage.loop().forget(fd.get());
    step("while it runs, it is not destroyed, nor what it has captured");
    check(!stillHeld.expired(), "it is destroyed");
    own.reset();
  });
  stage.run("a descriptor is ready");
  step("its handler was called");
  check(called, "it was not");
  step("later it is destroyed");
  check(held.expired(), "it is not", {"what it has captured is still held, after the batch"});
}

// What is deleted is overwritten in this program: see freed_memory.cpp.
TEST(Descriptors, NothingOfTheBatchIsFreedTooEarly) {
  Stage stage;
  std::vector<UniqueFd> fds;
  for (int i = 0; i < 8; ++i) fds.push_back(readable());
  int calls = 0;
  for (const UniqueFd& fd : fds) {
    stage.loop().watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
      if (++calls > 1) {
        step("no other handler is called");
        fail("one is called");
      }
      step("the handler that is called first forgets all eight, and closes them");
      EventLoop& loop = stage.loop();  // the captures may be gone after forget()
      for (UniqueFd& each : fds) forgetAndClose(loop, each);
      step("the loop goes through the rest of the batch");
    });
  }
  stage.run("eight descriptors are ready at the same time");
}

// epoll watches the open file, not the number: close(2) alone does not end that.
TEST(Descriptors, ForgottenWhileAnotherDescriptorKeepsTheFileOpen) {
  Stage stage;
  UniqueFd fd = silent();
  const UniqueFd copy(mux::check(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0), "fcntl"));
  stage.loop().watch(fd.get(), EPOLLIN, [](std::uint32_t) { fail("its handler is called"); });
  stage.whenAsleep("a descriptor is forgotten and closed; a copy of it stays open",
                   [&] { forgetAndClose(stage.loop(), fd); });
  stage.whenAsleep("the copy becomes readable: the loop hears nothing of it",
                   [&] { makeReadable(copy); });
  stage.run();
}

TEST(Descriptors, MoreThanOneWaitCallTells) {
  constexpr std::size_t kMany = 600;
  Stage stage;
  std::vector<UniqueFd> fds;
  std::size_t calls = 0;
  for (std::size_t i = 0; i < kMany; ++i) {
    fds.push_back(readable());
    stage.loop().watch(fds[i].get(), EPOLLIN, [&, i](std::uint32_t) {
      ++calls;
      forgetAndClose(stage.loop(), fds[i]);
    });
  }
  stage.whenAsleep("each handler is called, once", [&] { checkEqual(kMany, calls); });
  stage.run("600 descriptors are ready at the same time");
}

TEST(Descriptors, WhatCannotBeWatched) {
  Stage stage;
  UniqueFd fd = readable();
  std::string heard;
  stage.loop().watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
    heard += "first";
    forgetAndClose(stage.loop(), fd);
  });
  step("a descriptor that is watched already is watched again: watch() throws");
  bool threw = false;
  try {
    stage.loop().watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
      heard += "second";
      forgetAndClose(stage.loop(), fd);
    });
  } catch (const std::system_error&) {
    threw = true;
  }
  check(threw, "it does not");
  stage.whenAsleep("it hears the first handler, as if nothing had happened",
                   [&] { checkEqual("first", heard); });
  stage.run();
}

}  // namespace
