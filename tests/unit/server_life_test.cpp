// All five servers: starting, stopping, and doing nothing in between.
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/unit/labs.hpp"

namespace {

using unit::eventually;
using unit::LogCapture;
using unit::openDescriptors;
using unit::RunningServer;
using unit::TestClient;
namespace hooks = unit::hooks;

class ServerLife : public unit::ForLabs {};
MUXLAB_FOR_LABS(ServerLife, unit::kLabs);

TEST_P(ServerLife, StopsFromAnotherThreadWhileItSleeps) {
  RunningServer server(GetParam());
  server.settle();
  server.stop();
  server.finish();
}

TEST_P(ServerLife, AStopBeforeRunIsNotLost) {
  const auto server = GetParam().make(unit::anyPort());
  server->stop();
  server->run();
  server->run();  // nor is it forgotten
}

TEST_P(ServerLife, StoppingTwiceIsAsGoodAsOnce) {
  RunningServer server(GetParam());
  server.stop();
  server.stop();
  server.finish();
  server.stop();
}

TEST_P(ServerLife, NeedNotRunBeforeItIsDestroyed) {
  const std::size_t before = openDescriptors().size();
  GetParam().make(unit::anyPort()).reset();
  EXPECT_EQ(openDescriptors().size(), before);
}

TEST_P(ServerLife, StopsAtAnyMoment) {
  for (unsigned round = 0; round < 20; ++round) {
    RunningServer server(GetParam());
    std::vector<TestClient> clients;
    for (unsigned i = 0; i < round % 5; ++i) {
      clients.emplace_back(server.address()).trySend(unit::randomBytes(100'000, i));
    }
    server.stop();
    server.finish();
  }
}

TEST_P(ServerLife, StopsWithAClientThatDoesNotRead) {
  RunningServer server(GetParam());
  TestClient client = TestClient::withSmallBuffers(server.address());
  const std::string bytes = unit::randomBytes(100'000, 1);
  while (client.trySend(bytes) != 0) {
  }
  server.stop();
  server.finish();
}

TEST_P(ServerLife, ClosesEverythingWhenItIsDestroyed) {
  const std::size_t before = openDescriptors().size();
  std::vector<TestClient> clients;
  {
    RunningServer server(GetParam());
    for (int i = 0; i < 10; ++i) {
      clients.emplace_back(server.address());
      EXPECT_EQ(clients.back().exchange("hello"), "hello");
    }
  }
  for (TestClient& client : clients) EXPECT_EQ(client.receiveUntilGone(), "");
  clients.clear();
  EXPECT_EQ(openDescriptors().size(), before);
}

TEST_P(ServerLife, ASignalDoesNotEndTheWait) {
  RunningServer server(GetParam());
  TestClient client(server.address());
  EXPECT_EQ(client.exchange("before"), "before");
  server.settle();
  for (int i = 0; i < 10; ++i) server.interrupt();
  EXPECT_EQ(client.exchange("after"), "after");
  EXPECT_EQ(TestClient(server.address()).exchange("new"), "new");
}

TEST_P(ServerLife, IdleMeansIdle) {
  RunningServer server(GetParam());
  TestClient talks(server.address());
  TestClient halfClosed(server.address());
  TestClient reset(server.address());
  for (TestClient* client : {&talks, &halfClosed, &reset}) client->exchange("hello");
  halfClosed.finishSending();
  EXPECT_EQ(halfClosed.receiveToEnd(), "");
  reset.closeWithReset();
  server.settle();
  const long before = hooks::waitCalls();
  for (int i = 0; i < 20; ++i) server.settle();
  EXPECT_EQ(hooks::waitCalls(), before);
}

TEST_P(ServerLife, OneMessageIsOneTurn) {
  RunningServer server(GetParam());
  TestClient client(server.address());
  client.exchange("hello");
  server.settle();
  const long before = hooks::waitCalls();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(client.exchange("hello"), "hello");
  server.settle();
  EXPECT_LE(hooks::waitCalls() - before, 100);
}

TEST_P(ServerLife, LosesNoDescriptorOverManyClients) {
  RunningServer server(GetParam());
  TestClient(server.address()).exchange("warm up");
  server.settle();
  const std::size_t before = openDescriptors().size();
  for (int i = 0; i < 60; ++i) {
    TestClient client(server.address());
    EXPECT_EQ(client.exchange("hello"), "hello");
    if (i % 3 == 0) client.closeWithReset();
    if (i % 3 == 1) client.finishSending();
  }
  EXPECT_TRUE(eventually([&] { return openDescriptors().size() <= before; }));
}

TEST_P(ServerLife, WhatCannotBeSetUpNamesTheCallAndTheAddress) {
  const auto first = GetParam().make(unit::anyPort());
  mux::Options options = unit::anyPort();
  options.address = first->address();
  try {
    GetParam().make(options);
    FAIL() << "two servers share " << options.address.toString();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.what(), "bind " + options.address.toString() + ": Address already in use");
  }
}

TEST_P(ServerLife, WithoutDescriptorsCannotBeSetUpAndLeaksNone) {
  const std::size_t before = openDescriptors().size();
  for (std::size_t free = 0;; ++free) {
    try {
      const unit::FullTable full(free);
      GetParam().make(unit::anyPort());
      EXPECT_GE(free, 3u);  // the listener, its spare, the stop event
      break;
    } catch (const std::system_error& error) {
      ASSERT_EQ(error.code().value(), EMFILE);
    }
    ASSERT_EQ(openDescriptors().size(), before);
    ASSERT_LT(free, 50u);
  }
}

// The server closes first, so its end of the connection stays in TIME_WAIT for a minute.
TEST_P(ServerLife, CanBeStartedAgainAtOnceOnTheSamePort) {
  mux::Options options;
  // An address of this process's own, so that no other test can take the port in between.
  const int id = ::getpid();
  options.address =
      mux::InetAddress("127." + std::to_string(64 + id / 65536 % 128) + "." +
                           std::to_string(id / 256 % 256) + "." + std::to_string(id % 256),
                       0);
  std::optional<TestClient> client;
  {
    RunningServer server(GetParam(), options);
    options.address = server.address();
    client.emplace(server.address());
    EXPECT_EQ(client->exchange("hello"), "hello");
  }
  EXPECT_EQ(client->receiveToEnd(), "");
  client.reset();
  RunningServer again(GetParam(), options);
  EXPECT_EQ(TestClient(again.address()).exchange("hello"), "hello");
}

TEST_P(ServerLife, ServesIPv6) {
  mux::Options options;
  options.address = mux::InetAddress("::1", 0);
  try {
    const mux::Listener probe(options);
  } catch (const std::system_error&) {
    GTEST_SKIP() << "this machine has no ::1";
  }
  RunningServer server(GetParam(), options);
  EXPECT_EQ(server.address().toString().find("[::1]:"), 0u);
  EXPECT_EQ(TestClient(server.address()).exchange("hello"), "hello");
}

class ServerTimeout : public unit::ForLabs {};
MUXLAB_FOR_LABS(ServerTimeout, unit::labsThat([](const unit::Lab& lab) { return !lab.manyLoops; }));

TEST_P(ServerTimeout, SaysSoWhenATimeoutPassesAndGoesOn) {
  const LogCapture log;
  mux::Options options = unit::anyPort();
  options.timeoutMs = 1;
  RunningServer server(GetParam(), options);
  // More than once: select(2) may overwrite its timeout with what was left of it.
  EXPECT_TRUE(eventually([&] { return log.count("idle for 1 ms") >= 3; }));
  EXPECT_EQ(TestClient(server.address()).exchange("hello"), "hello");
}

}  // namespace
