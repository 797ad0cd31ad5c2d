// All five servers: what one client may do, and that no other notices.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/unit/labs.hpp"

namespace {

using unit::eventually;
using unit::Gate;
using unit::openDescriptors;
using unit::randomBytes;
using unit::RunningServer;
using unit::sendUntilStuck;
using unit::TestClient;
namespace hooks = unit::hooks;

constexpr std::size_t kMegabyte = 1024 * 1024;

class ServerClients : public unit::ForLabs {};
MUXLAB_FOR_LABS(ServerClients, unit::kLabs);

TEST_P(ServerClients, GetEveryByteValueBack) {
  RunningServer server(GetParam());
  TestClient client(server.address());
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(client.exchange(all), all);
}

TEST_P(ServerClients, GetAMegabyteBack) {
  RunningServer server(GetParam());
  TestClient client(server.address());
  const std::string megabyte = randomBytes(kMegabyte, 1);
  EXPECT_TRUE(client.exchange(megabyte) == megabyte);
}

TEST_P(ServerClients, GetTenKilobytesBackThatCameInOnePiece) {
  mux::Options options = unit::anyPort();
  options.readSize = 1024;
  RunningServer server(GetParam(), options);
  TestClient client(server.address());
  server.settle();
  const std::string request = randomBytes(10 * 1024, 1);
  client.send(request);
  EXPECT_TRUE(client.receive(request.size()) == request);
}

TEST_P(ServerClients, SeeByThePrefixWhereEachReadEnded) {
  mux::Options options = unit::anyPort();
  options.prefix = "> ";
  options.readSize = 4;
  RunningServer server(GetParam(), options);
  TestClient client(server.address());
  client.send("abcdefghij");
  client.finishSending();
  EXPECT_EQ(client.receiveToEnd(), "> abcd> efgh> ij");
}

TEST_P(ServerClients, GetTheirOwnBytesAndNobodyElses) {
  constexpr std::size_t kClients = 20;
  RunningServer server(GetParam());
  std::vector<TestClient> clients;
  std::vector<std::string> sent(kClients);
  for (std::size_t i = 0; i < kClients; ++i) clients.emplace_back(server.address());
  for (unsigned round = 0; round < 10; ++round) {
    for (std::size_t i = 0; i < kClients; ++i) {
      const std::string bytes = randomBytes(1000, round * kClients + i);
      clients[i].send(bytes);
      sent[i] += bytes;
    }
  }
  for (std::size_t i = kClients; i-- > 0;) {
    EXPECT_TRUE(clients[i].receive(sent[i].size()) == sent[i]) << "client " << i;
  }
}

TEST_P(ServerClients, AreServedHoweverLittleEachCallTransfers) {
  const auto shortReads =
      hooks::recv.use([](int fd, void* into, std::size_t size) -> std::optional<ssize_t> {
        return ::recv(fd, into, std::min<std::size_t>(size, 3), 0);
      });
  const auto shortWrites =
      hooks::send.use([](int fd, const void* bytes, std::size_t size) -> std::optional<ssize_t> {
        return ::send(fd, bytes, std::min<std::size_t>(size, 2), MSG_NOSIGNAL);
      });
  RunningServer server(GetParam());
  TestClient client(server.address());
  const std::string bytes = randomBytes(20'000, 1);
  EXPECT_TRUE(client.exchange(bytes) == bytes);
  client.finishSending();
  EXPECT_EQ(client.receiveToEnd(), "");
}

TEST_P(ServerClients, MayStopSendingAndStillGetEverything) {
  RunningServer server(GetParam());
  TestClient client(server.address());
  const std::string megabyte = randomBytes(kMegabyte, 1);
  std::string replies = client.exchange(megabyte.substr(0, 1000));
  std::jthread sender([&] {
    client.send(std::string_view(megabyte).substr(1000));
    client.finishSending();
  });
  replies += client.receiveToEnd();
  EXPECT_TRUE(replies == megabyte);
}

TEST_P(ServerClients, MayStopSendingWhileRepliesWaitForThem) {
  RunningServer server(GetParam());
  TestClient client = TestClient::withSmallBuffers(server.address());
  const std::string sent = sendUntilStuck(client, server);
  client.finishSending();
  EXPECT_TRUE(client.receiveToEnd() == sent);
}

TEST_P(ServerClients, GetWhatTheySentInTheSameEventAsTheirEnd) {
  RunningServer server(GetParam());
  TestClient client(server.address());
  client.exchange("x");
  server.settle();
  Gate gate(client);
  client.send("hello");
  client.finishSending();
  client.awaitDelivered();
  gate.open();
  EXPECT_EQ(client.receiveToEnd(), "hello");
}

TEST_P(ServerClients, ThatDoNotReadDelayNobodyAndLoseNothing) {
  RunningServer server(GetParam());
  TestClient slow = TestClient::withSmallBuffers(server.address());
  TestClient other(server.address());
  const std::string sent = sendUntilStuck(slow, server);  // and it does get stuck: backpressure
  for (int i = 0; i < 100; ++i) EXPECT_EQ(other.exchange("hello"), "hello");
  EXPECT_EQ(TestClient(server.address()).exchange("new"), "new");
  EXPECT_TRUE(slow.receive(sent.size()) == sent);
  EXPECT_EQ(slow.exchange("again"), "again");
}

TEST_P(ServerClients, ThatNeverSpeakDelayNobody) {
  RunningServer server(GetParam());
  std::vector<TestClient> silent;
  for (int i = 0; i < 30; ++i) silent.emplace_back(server.address());
  TestClient client(server.address());
  EXPECT_EQ(client.exchange("hello"), "hello");
  EXPECT_EQ(silent.front().exchange("at last"), "at last");
}

TEST_P(ServerClients, ThatResetHarmNobody) {
  RunningServer server(GetParam());
  TestClient other(server.address());
  EXPECT_EQ(other.exchange("before"), "before");
  for (int i = 0; i < 20; ++i) {
    TestClient client(server.address());
    if (i % 2 == 0) client.exchange("hello");
    if (i % 4 < 2) client.trySend("never answered");
    client.closeWithReset();
  }
  EXPECT_EQ(other.exchange("after"), "after");
}

TEST_P(ServerClients, ThatResetWhileRepliesWaitForThemHarmNobody) {
  RunningServer server(GetParam());
  TestClient other(server.address());
  EXPECT_EQ(other.exchange("before"), "before");
  const std::size_t before = openDescriptors().size();
  for (const bool endsFirst : {false, true}) {
    TestClient client = TestClient::withSmallBuffers(server.address());
    sendUntilStuck(client, server);
    if (endsFirst) client.finishSending();
    client.closeWithReset();
    EXPECT_EQ(other.exchange("after"), "after");
    EXPECT_TRUE(eventually([&] { return openDescriptors().size() <= before; }));
  }
}

// After FIN and then RST, the first send(2) raises SIGPIPE: its default would end this program.
TEST_P(ServerClients, ThatEndAndThenResetDoNotKillTheServer) {
  mux::Options options = unit::anyPort();
  options.threads = 1;
  RunningServer server(GetParam(), options);
  TestClient other(server.address());
  TestClient client(server.address());
  other.exchange("x");
  client.exchange("x");
  server.settle();
  Gate gate(client);
  client.send("hello");
  client.finishSending();
  client.awaitDelivered();
  client.closeWithReset();
  gate.open();
  EXPECT_EQ(other.exchange("after"), "after");
}

TEST_P(ServerClients, ThatSendUrgentDataAreKept) {
  RunningServer server(GetParam());
  TestClient client(server.address());
  client.send("abc");
  client.sendUrgent('!');
  client.send("def");
  EXPECT_EQ(client.receive(6), "abcdef");
  EXPECT_EQ(client.exchange("hello"), "hello");
}

TEST_P(ServerClients, ThatLeaveDoNotCostTheOthersTheirTurn) {
  mux::Options options = unit::anyPort();
  options.threads = 1;
  constexpr std::size_t kClients = 9;
  RunningServer server(GetParam(), options);
  std::vector<TestClient> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.emplace_back(server.address()).exchange("x");
  }
  server.settle();
  Gate gate(clients[0]);
  const long before = hooks::waitCalls();
  for (std::size_t i = 0; i < kClients; ++i) {
    if (i % 3 == 0) clients[i].finishSending();
    if (i % 3 == 1) clients[i].send("hello");
  }
  for (const TestClient& client : clients) client.awaitDelivered();
  std::atomic<long> waitsAtTheLastReply = 0;
  const auto watch = hooks::send.use([&](int, const void*, std::size_t) -> std::optional<ssize_t> {
    waitsAtTheLastReply = hooks::waitCalls();
    return std::nullopt;
  });
  gate.open();
  for (std::size_t i = 0; i < kClients; ++i) {
    EXPECT_EQ(i % 3 == 0   ? clients[i].receiveToEnd()
              : i % 3 == 1 ? clients[i].receive(5)
                           : "no news",
              i % 3 == 0   ? ""
              : i % 3 == 1 ? "hello"
                           : "no news");
  }
  EXPECT_EQ(waitsAtTheLastReply, before);  // all in the turn that was held at the gate
}

// One client always has more: the server's recv(2) never says "would block". From the first such
// call on, another one has sent a byte as well.
TEST_P(ServerClients, ThatNeverStopSendingDoNotStarveTheOthers) {
  mux::Options options = unit::anyPort();
  options.threads = 1;
  std::atomic<int> endlessFd = -1;
  std::atomic<bool> endless = false;
  std::atomic<int> readsBeforeTheOther = 0;
  TestClient* other = nullptr;
  const auto hook = hooks::recv.use([&](int fd, void* into, std::size_t) -> std::optional<ssize_t> {
    if (endlessFd == -1) endlessFd = fd;
    if (!endless) return std::nullopt;
    if (fd != endlessFd) {
      endless = false;  // the other one's turn has come
      return std::nullopt;
    }
    if (readsBeforeTheOther++ == 0) other->send("!");
    if (readsBeforeTheOther == 10'000) endless = false;  // it never would
    *static_cast<char*>(into) = '.';
    return 1;
  });
  RunningServer server(GetParam(), options);
  TestClient client(server.address());
  client.exchange("x");
  TestClient another(server.address());
  other = &another;
  another.exchange("x");
  server.settle();
  endless = true;
  client.send("x");
  EXPECT_EQ(another.receive(1), "!");
  EXPECT_LT(readsBeforeTheOther, 1000);
}

// Readiness is a hint: the next reader may find nothing. Not for lab 04: an edge that was not true
// is an edge lost, and no fault of the server.
class LevelTriggeredClients : public unit::ForLabs {};
MUXLAB_FOR_LABS(LevelTriggeredClients,
                unit::labsThat([](const unit::Lab& lab) { return !lab.edgeTriggered; }));

TEST_P(LevelTriggeredClients, AreNotDroppedForAnEventThatMeantNothing) {
  RunningServer server(GetParam());
  TestClient client(server.address());
  EXPECT_EQ(client.exchange("before"), "before");
  const auto spurious = hooks::recv.use(unit::failing<int, void*, std::size_t>(3, EAGAIN));
  EXPECT_EQ(client.exchange("after"), "after");
}

}  // namespace
