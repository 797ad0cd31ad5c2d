// What is particular to one lab: what it asks the kernel for.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "tests/unit/labs.hpp"

namespace {

using unit::eventually;
using unit::RunningServer;
using unit::TestClient;
namespace hooks = unit::hooks;

const unit::Lab& kSelect = unit::kLabs[0];
const unit::Lab& kPoll = unit::kLabs[1];
const unit::Lab& kLevel = unit::kLabs[2];
const unit::Lab& kEdge = unit::kLabs[3];
const unit::Lab& kLoops = unit::kLabs[4];

TEST(SelectServer, AsksUpToItsHighestDescriptorAndNoFurther) {
  std::atomic<int> nfds = 0;
  const auto watch = hooks::select.use([&](int asked, timeval*) -> std::optional<int> {
    nfds = asked;
    return std::nullopt;
  });
  RunningServer server(kSelect);
  TestClient low(server.address());
  low.exchange("x");
  server.settle();
  const int withOne = nfds;

  TestClient high(server.address());
  high.exchange("x");
  server.settle();
  EXPECT_GT(nfds, withOne);  // else the newest client would not be heard

  high.finishSending();
  EXPECT_EQ(high.receiveToEnd(), "");
  server.settle();
  EXPECT_EQ(nfds, withOne);
  EXPECT_EQ(low.exchange("hello"), "hello");
}

TEST(SelectServer, StartsEveryWaitWithTheWholeTimeout) {
  std::atomic<long> shortest = 1'000'000;
  std::atomic<int> waits = 0;
  const auto watch = hooks::select.use([&](int, timeval* timeout) -> std::optional<int> {
    shortest = std::min<long>(shortest, timeout->tv_sec * 1'000'000 + timeout->tv_usec);
    ++waits;
    return std::nullopt;
  });
  mux::Options options = unit::anyPort();
  options.timeoutMs = 2;
  RunningServer server(kSelect, options);
  EXPECT_TRUE(eventually([&] { return waits > 5; }));
  EXPECT_EQ(shortest, 2000);
}

TEST(PollServer, AsksForItsDescriptorsAndNoOthers) {
  std::atomic<nfds_t> asked = 0;
  const auto watch = hooks::poll.use([&](nfds_t count) -> std::optional<int> {
    asked = count;
    return std::nullopt;
  });
  RunningServer server(kPoll);
  std::vector<TestClient> clients;
  for (int i = 0; i < 5; ++i) clients.emplace_back(server.address()).exchange("x");
  server.settle();
  EXPECT_EQ(asked, 2u + 5u);  // the stop event and the listener
  for (const std::size_t leaves : {1u, 3u}) {
    clients[leaves].finishSending();
    EXPECT_EQ(clients[leaves].receiveToEnd(), "");
  }
  server.settle();
  EXPECT_EQ(asked, 2u + 3u);
  for (const std::size_t stays : {0u, 2u, 4u}) EXPECT_EQ(clients[stays].exchange("x"), "x");
}

// What a server told epoll_ctl(2).
class EpollCalls {
 public:
  struct Call {
    int operation;
    int fd;
    std::uint32_t events;
  };

  std::vector<Call> all() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Call> calls_;
  unit::Hook<int(int, int, epoll_event*)>::Guard hook_ =
      hooks::epollCtl.use([this](int operation, int fd, epoll_event* event) -> std::optional<int> {
        const std::lock_guard lock(mutex_);
        calls_.push_back({operation, fd, event->events});
        return std::nullopt;
      });
};

TEST(LevelTriggeredServer, TellsTheKernelNothingThatHasNotChanged) {
  const EpollCalls calls;
  RunningServer server(kLevel);
  TestClient client(server.address());
  client.exchange("x");
  server.settle();
  EXPECT_EQ(calls.all().size(), 3u);  // the stop event, the listener, the client
  for (int i = 0; i < 100; ++i) client.exchange("hello");
  server.settle();
  EXPECT_EQ(calls.all().size(), 3u);
  for (const EpollCalls::Call& call : calls.all()) EXPECT_FALSE(call.events & EPOLLET);
}

TEST(LevelTriggeredServer, WaitsForRoomOnlyWhileItNeedsSome) {
  const EpollCalls calls;
  RunningServer server(kLevel);
  TestClient client = TestClient::withSmallBuffers(server.address());
  const std::size_t sent = unit::sendUntilStuck(client, server).size();
  const auto lastEvents = [&] { return calls.all().back().events; };
  EXPECT_TRUE(eventually([&] { return lastEvents() & EPOLLOUT; }));
  client.receive(sent);
  EXPECT_TRUE(eventually([&] { return lastEvents() == EPOLLIN; }));
}

TEST(EdgeTriggeredServer, RegistersEachDescriptorOnceAndForGood) {
  const EpollCalls calls;
  RunningServer server(kEdge);
  TestClient client = TestClient::withSmallBuffers(server.address());
  const std::size_t sent = unit::sendUntilStuck(client, server).size();
  client.receive(sent);
  client.finishSending();
  EXPECT_EQ(client.receiveToEnd(), "");
  int edge = 0, level = 0;
  for (const EpollCalls::Call& call : calls.all()) {
    EXPECT_EQ(call.operation, EPOLL_CTL_ADD);
    ++(call.events & EPOLLET ? edge : level);
  }
  EXPECT_EQ(edge, 2);   // the listener and the client
  EXPECT_EQ(level, 1);  // the stop event, which is never read
}

TEST(LoopServer, SpreadsItsClientsOverItsThreads) {
  std::mutex mutex;
  std::set<pid_t> threads;
  const auto watch = hooks::recv.use([&](int, void*, std::size_t) -> std::optional<ssize_t> {
    const std::lock_guard lock(mutex);
    threads.insert(::gettid());
    return std::nullopt;
  });
  mux::Options options = unit::anyPort();
  options.threads = 3;
  RunningServer server(kLoops, options);
  std::vector<TestClient> clients;
  for (int i = 0; i < 6; ++i) clients.emplace_back(server.address()).exchange("hello");
  const std::lock_guard lock(mutex);
  EXPECT_EQ(threads.size(), 3u);
}

TEST(LoopServer, WorksWithEveryWaker) {
  for (const char* wakeup : {"eventfd", "eventfd-edge", "pipe", "socketpair", "tcp"}) {
    mux::Options options = unit::anyPort();
    options.wakeup = wakeup;
    RunningServer server(kLoops, options);
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(TestClient(server.address()).exchange("hello"), "hello") << wakeup;
    }
  }
}

TEST(LoopServer, RefusesAnUnknownWaker) {
  mux::Options options = unit::anyPort();
  options.wakeup = "telepathy";
  EXPECT_THROW(kLoops.make(options), mux::UsageError);
}

TEST(LoopServer, BroadcastsToEveryClientOfEveryLoop) {
  mux::Options options = unit::anyPort();
  options.threads = 3;
  options.broadcastEveryMs = 1;
  RunningServer server(kLoops, options);
  std::vector<TestClient> clients;
  for (int i = 0; i < 6; ++i) clients.emplace_back(server.address());
  for (TestClient& client : clients) {
    const std::string heard = client.receive(20);
    EXPECT_NE(heard.find("tick "), std::string::npos) << heard;
  }
}

TEST(LoopServer, BroadcastsDoNotCutIntoReplies) {
  mux::Options options = unit::anyPort();
  options.broadcastEveryMs = 1;
  options.readSize = 100;
  RunningServer server(kLoops, options);
  TestClient client(server.address());
  std::string sent, received;
  for (int i = 0; i < 200; ++i) {
    const std::string message(100, static_cast<char>('A' + i % 26));
    client.send(message);
    sent += message;
    received += client.receive(50);
  }
  client.finishSending();
  received += client.receiveToEnd();
  std::erase_if(received, [](char c) { return c < 'A' || c > 'Z'; });  // the ticks have none
  EXPECT_TRUE(received == sent);
}

TEST(LoopServer, StopsWhileItBroadcasts) {
  mux::Options options = unit::anyPort();
  options.broadcastEveryMs = 1;
  for (int round = 0; round < 5; ++round) {
    RunningServer server(kLoops, options);
    TestClient client(server.address());
    client.receive(1);
    server.stop();
    server.finish();
  }
}

TEST(LoopServer, ATickerAloneDoesNotKeepItFromBeingDestroyed) {
  mux::Options options = unit::anyPort();
  options.broadcastEveryMs = 1'000'000'000;
  kLoops.make(options).reset();
}

}  // namespace
