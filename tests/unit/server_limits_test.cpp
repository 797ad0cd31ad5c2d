// All five servers: many clients, too many, and a kernel that says no.
#include <gtest/gtest.h>
#include <poll.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/unit/labs.hpp"

namespace {

using unit::eventually;
using unit::failing;
using unit::FullTable;
using unit::Gate;
using unit::LogCapture;
using unit::RunningServer;
using unit::TestClient;
namespace hooks = unit::hooks;

class ServerLimits : public unit::ForLabs {
 protected:
  // True if the client was served, false if it was hung up on: one of the two must happen.
  static bool isServed(TestClient& client) try {
    return client.exchange("hello") == "hello";
  } catch (const std::system_error&) {
    return false;  // ECONNRESET or EPIPE
  } catch (const std::runtime_error& error) {
    if (std::string_view(error.what()).find("hung up") == std::string_view::npos) throw;
    return false;
  }
};
MUXLAB_FOR_LABS(ServerLimits, unit::kLabs);

TEST_P(ServerLimits, ABurstOfConnectsIsServedInFull) {
  RunningServer server(GetParam());
  std::vector<TestClient> clients;
  for (int i = 0; i < 200; ++i) clients.emplace_back(server.address());
  for (TestClient& client : clients) EXPECT_EQ(client.exchange("hello"), "hello");
}

TEST_P(ServerLimits, WhoConnectedBeforeRunIsServedToo) {
  const auto server = GetParam().make(unit::anyPort());
  std::vector<TestClient> clients;
  for (int i = 0; i < 100; ++i) {
    clients.emplace_back(server->address());
    clients.back().send("hello");
  }
  std::jthread runner([&] { server->run(); });
  for (TestClient& client : clients) EXPECT_EQ(client.receive(5), "hello");
  server->stop();
}

TEST_P(ServerLimits, BeyondTheLimitClientsAreHungUpOnAndLoggedOnce) {
  mux::Options options = unit::anyPort();
  options.maxClients = 3;
  const LogCapture log;
  RunningServer server(GetParam(), options);
  std::vector<TestClient> clients;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(clients.emplace_back(server.address()).exchange("hello"), "hello");
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(TestClient(server.address()).receiveUntilGone(), "");
  }
  EXPECT_EQ(log.count("refused"), 1u);
  for (TestClient& client : clients) EXPECT_EQ(client.exchange("still here"), "still here");
}

TEST_P(ServerLimits, WhenOneLeavesTheNextIsServed) {
  mux::Options options = unit::anyPort();
  options.maxClients = 1;
  RunningServer server(GetParam(), options);
  for (int i = 0; i < 20; ++i) {
    TestClient client(server.address());
    EXPECT_EQ(client.exchange("hello"), "hello");
    client.finishSending();
    EXPECT_EQ(client.receiveToEnd(), "");  // closed, so no longer counted
    server.settle();
  }
}

TEST_P(ServerLimits, ALimitOfNoneServesNone) {
  mux::Options options = unit::anyPort();
  options.maxClients = 0;
  RunningServer server(GetParam(), options);
  EXPECT_EQ(TestClient(server.address()).receiveUntilGone(), "");
}

TEST_P(ServerLimits, OutOfDescriptorsItNeitherSpinsNorForgetsWhoComesLater) {
  RunningServer server(GetParam());
  TestClient before(server.address());
  EXPECT_EQ(before.exchange("hello"), "hello");
  std::vector<TestClient> during;
  for (int i = 0; i < 5; ++i) during.push_back(TestClient::unconnected(server.address()));
  TestClient after = TestClient::unconnected(server.address());
  server.settle();

  FullTable full(2);
  for (TestClient& client : during) client.connect();
  int served = 0;
  for (TestClient& client : during) served += isServed(client);
  EXPECT_LE(served, 2);
  EXPECT_EQ(before.exchange("still here"), "still here");
  server.settle();

  full.release(3);
  after.connect();
  EXPECT_EQ(after.exchange("hello"), "hello");
}

// accept4(2) says EMFILE even when nobody waits: who goes on until EAGAIN goes on for ever.
TEST_P(ServerLimits, TheLastDescriptorIsNoReasonToSpin) {
  RunningServer server(GetParam());
  TestClient last = TestClient::unconnected(server.address());
  server.settle();
  const FullTable full(1);
  const long before = hooks::accept4.calls();
  last.connect();
  EXPECT_EQ(last.exchange("hello"), "hello");
  server.settle();
  EXPECT_LE(hooks::accept4.calls() - before, 8);
  EXPECT_EQ(last.exchange("again"), "again");
}

TEST_P(ServerLimits, AnAcceptThatFailsCostsThatClientOnly) {
  for (const int error : {ECONNABORTED, EINTR, ENOMEM}) {
    RunningServer server(GetParam());
    TestClient before(server.address());
    EXPECT_EQ(before.exchange("hello"), "hello");
    server.settle();
    {
      const auto failure = hooks::accept4.use(failing<int>(1, error));
      TestClient unlucky(server.address());
      isServed(unlucky);  // or not: it must not wait for ever
    }
    EXPECT_EQ(before.exchange("still here"), "still here");
    EXPECT_EQ(TestClient(server.address()).exchange("hello"), "hello");
  }
}

class EpollServerLimits : public unit::ForLabs {};
MUXLAB_FOR_LABS(EpollServerLimits, unit::labsThat([](const unit::Lab& lab) { return lab.epoll; }));

TEST_P(EpollServerLimits, AClientThatTheKernelCannotWatchIsRefusedAndNobodyElse) {
  const LogCapture log;
  mux::Options options = unit::anyPort();
  options.threads = 1;
  RunningServer server(GetParam(), options);
  TestClient before(server.address());
  EXPECT_EQ(before.exchange("hello"), "hello");
  {
    const auto failure = hooks::epollCtl.use(failing<int, int, epoll_event*>(3, ENOSPC));
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(TestClient(server.address()).receiveUntilGone(), "");
    }
  }
  EXPECT_EQ(log.count("No space left on device"), 1u);
  EXPECT_EQ(before.exchange("still here"), "still here");
  EXPECT_EQ(TestClient(server.address()).exchange("hello"), "hello");
}

// Lab 05 accepts in a thread of its own.
class OneLoopServerLimits : public unit::ForLabs {};
MUXLAB_FOR_LABS(OneLoopServerLimits,
                unit::labsThat([](const unit::Lab& lab) { return !lab.manyLoops; }));

TEST_P(OneLoopServerLimits, AStormOfConnectsDoesNotStarveWhoIsThere) {
  constexpr int kStorm = 200;
  std::atomic<int> existingFd = -1, accepted = 0, acceptedBefore = -1;
  const auto accepts = hooks::accept4.use([&](int) -> std::optional<int> {
    ++accepted;
    return std::nullopt;
  });
  const auto reads = hooks::recv.use([&](int fd, void*, std::size_t) -> std::optional<ssize_t> {
    if (existingFd == -1) existingFd = fd;
    if (fd == existingFd && acceptedBefore == -1) acceptedBefore = accepted.load();
    return std::nullopt;
  });
  RunningServer server(GetParam());
  TestClient existing(server.address());
  existing.exchange("x");
  TestClient other(server.address());
  other.exchange("x");
  server.settle();
  Gate gate(other);
  std::vector<TestClient> storm;
  for (int i = 0; i < kStorm; ++i) storm.emplace_back(server.address());
  existing.send("hello");
  existing.awaitDelivered();
  accepted = 0;
  acceptedBefore = -1;
  gate.open();
  EXPECT_EQ(existing.receive(5), "hello");
  EXPECT_LT(acceptedBefore, kStorm);
  for (TestClient& client : storm) EXPECT_EQ(client.exchange("x"), "x");
}

}  // namespace
