// Listener: whatever accepting runs into, no single client can do harm.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "common/error.hpp"
#include "common/socket.hpp"
#include "tests/unit/hooks.hpp"
#include "tests/unit/support.hpp"
#include "tests/unit/test_client.hpp"

namespace {

using mux::IoStatus;
using mux::Listener;
using mux::Socket;
using unit::anyPort;
using unit::await;
using unit::failing;
using unit::FullTable;
using unit::LogCapture;
using unit::TcpPair;
using unit::TestClient;
namespace hooks = unit::hooks;

void expectNonBlockingAndCloseOnExec(int fd) {
  EXPECT_TRUE(::fcntl(fd, F_GETFL) & O_NONBLOCK) << "descriptor " << fd;
  EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC) << "descriptor " << fd;
}

TEST(Listener, TellsTheAddressItEndedUpWith) {
  const Listener listener(anyPort());
  EXPECT_NE(listener.address().port(), 0);
  EXPECT_EQ(listener.address().toString().find("127.0.0.1:"), 0u);
}

TEST(Listener, NamesCallAndAddressWhenTheAddressIsTaken) {
  const Listener first(anyPort());
  mux::Options options = anyPort();
  options.address = first.address();
  try {
    const Listener second(options);
    FAIL() << "two listeners share " << options.address.toString();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.what(), "bind " + options.address.toString() + ": Address already in use");
  }
}

TEST(Listener, NamesCallAndAddressWhenTheAddressIsNotOurs) {
  mux::Options options;
  options.address = mux::InetAddress("192.0.2.1", 0);  // for documentation only: RFC 5737
  try {
    const Listener listener(options);
    GTEST_SKIP() << "this machine can bind any address";
  } catch (const std::system_error& error) {
    EXPECT_STREQ(error.what(), "bind 192.0.2.1:0: Cannot assign requested address");
  }
}

TEST(Listener, WithNobodyWaitingAcceptWouldBlock) {
  Listener listener(anyPort());
  EXPECT_EQ(listener.accept(0).status, IoStatus::WouldBlock);
}

TEST(Listener, EveryDescriptorIsNonBlockingAndCloseOnExec) {
  const std::vector<int> before = unit::openDescriptors();
  Listener listener(anyPort());
  const TestClient client(listener.address());
  const Socket accepted = unit::acceptOne(listener);
  expectNonBlockingAndCloseOnExec(listener.fd());
  expectNonBlockingAndCloseOnExec(accepted.fd());
  for (const int fd : unit::openDescriptors()) {
    EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC || std::ranges::count(before, fd) != 0)
        << "descriptor " << fd;
  }
}

TEST(Listener, AReplyDoesNotWaitForTheAcknowledgementOfTheOneBefore) {
  const TcpPair pair;
  int on = 0;
  socklen_t size = sizeof on;
  ASSERT_EQ(::getsockopt(pair.server.fd(), IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
  EXPECT_NE(on, 0);
}

TEST(Listener, ASignalInTheMiddleIsNoFailure) {
  Listener listener(anyPort());
  const TestClient client(listener.address());
  await(listener.fd(), POLLIN);
  const auto interrupted = hooks::accept4.use(failing<int>(3, EINTR));
  EXPECT_EQ(listener.accept(0).status, IoStatus::Done);
}

TEST(Listener, AnErrorOfOneClientIsAboutThatClient) {
  Listener listener(anyPort());
  for (const int error : {ECONNABORTED, EPERM, EPROTO, ENETDOWN, EHOSTUNREACH, ENOMEM, ENOBUFS}) {
    TestClient client(listener.address());
    await(listener.fd(), POLLIN);
    {
      const auto failure = hooks::accept4.use(failing<int>(1, error));
      EXPECT_EQ(listener.accept(0).status, IoStatus::Failed) << std::strerror(error);
    }
    while (listener.accept(0).status == IoStatus::Done) {  // the one above, if it still waits
    }
    TestClient next(listener.address());
    Socket served = unit::acceptOne(listener);
    EXPECT_EQ(served.send("hello").status, IoStatus::Done);
    EXPECT_EQ(next.receive(5), "hello");
  }
}

// Else it would be ready for that client again at once, and for ever.
TEST(Listener, WhoCannotBeServedForLackOfMemoryIsHungUpOn) {
  for (const int error : {ENOMEM, ENOBUFS}) {
    Listener listener(anyPort());
    TestClient client(listener.address());
    await(listener.fd(), POLLIN);
    const auto failure = hooks::accept4.use(failing<int>(1, error));
    EXPECT_EQ(listener.accept(0).status, IoStatus::Failed);
    EXPECT_EQ(client.receiveUntilGone(), "");
    EXPECT_FALSE(unit::isReady(listener.fd(), POLLIN));
  }
}

TEST(Listener, SurvivesThatNothingHelps) {
  Listener listener(anyPort());
  const TestClient client(listener.address());
  await(listener.fd(), POLLIN);
  {
    const auto failure = hooks::accept4.use(failing<int>(10, ENOMEM));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(listener.accept(0).status, IoStatus::Failed);
  }
  EXPECT_EQ(listener.accept(0).status, IoStatus::Done);
}

TEST(Listener, BeyondTheLimitAClientIsHungUpOn) {
  mux::Options options = anyPort();
  options.maxClients = 3;
  Listener listener(options);
  TestClient client(listener.address());
  await(listener.fd(), POLLIN);
  EXPECT_EQ(listener.accept(3).status, IoStatus::Failed);
  EXPECT_EQ(client.receiveUntilGone(), "");
  EXPECT_EQ(listener.accept(3).status, IoStatus::WouldBlock);
}

TEST(Listener, ABurstOfRefusalsIsLoggedOnce) {
  mux::Options options = anyPort();
  options.maxClients = 1;
  Listener listener(options);
  const LogCapture log;
  std::vector<TestClient> clients;
  const auto arrive = [&](std::size_t connected) {
    clients.emplace_back(listener.address());
    await(listener.fd(), POLLIN);
    return listener.accept(connected).status;
  };
  EXPECT_EQ(arrive(1), IoStatus::Failed);
  EXPECT_EQ(arrive(1), IoStatus::Failed);
  EXPECT_EQ(arrive(1), IoStatus::Failed);
  EXPECT_EQ(log.count("refused"), 1u);
  EXPECT_EQ(arrive(0), IoStatus::Done);  // one is kept: the burst is over
  EXPECT_EQ(arrive(1), IoStatus::Failed);
  EXPECT_EQ(arrive(1), IoStatus::Failed);
  EXPECT_EQ(log.count("refused"), 2u);
}

TEST(Listener, WhoIsAcceptedAndThenRefusedDoesNotEndTheBurst) {
  Listener listener(anyPort());
  const LogCapture log;
  for (int i = 0; i < 3; ++i) {
    TestClient client(listener.address());
    listener.refuse(unit::acceptOne(listener), "no room to watch it");
    EXPECT_EQ(client.receiveUntilGone(), "");
  }
  EXPECT_EQ(log.count("no room to watch it"), 1u);
}

TEST(Listener, OutOfDescriptorsAWaitingClientIsHungUpOn) {
  Listener listener(anyPort());
  TestClient first(listener.address());
  TestClient second(listener.address());
  await(listener.fd(), POLLIN);
  const FullTable full(0);
  EXPECT_EQ(listener.accept(0).status, IoStatus::Failed);
  EXPECT_EQ(listener.accept(0).status, IoStatus::Failed);
  EXPECT_EQ(first.receiveUntilGone(), "");
  EXPECT_EQ(second.receiveUntilGone(), "");
  EXPECT_FALSE(unit::isReady(listener.fd(), POLLIN));
}

// accept4(2) reserves the descriptor before it looks whether anybody waits, so it says EMFILE in
// both cases. Who takes that for a client goes on accepting for ever.
TEST(Listener, OutOfDescriptorsWithNobodyWaitingAcceptWouldBlock) {
  Listener listener(anyPort());
  const FullTable full(0);
  EXPECT_EQ(listener.accept(0).status, IoStatus::WouldBlock);
}

TEST(Listener, OutOfDescriptorsIsForgottenOnceThereAreSomeAgain) {
  Listener listener(anyPort());
  TestClient early(listener.address());
  TestClient late = TestClient::unconnected(listener.address());
  await(listener.fd(), POLLIN);
  FullTable full(0);
  EXPECT_EQ(listener.accept(0).status, IoStatus::Failed);
  full.release(1);
  late.connect();
  Socket served = unit::acceptOne(listener);
  EXPECT_EQ(served.send("hello").status, IoStatus::Done);
  EXPECT_EQ(late.receive(5), "hello");
}

TEST(Listener, ComesThroughEvenIfAnotherThreadTakesThePlaceOfItsSpare) {
  Listener listener(anyPort());
  TestClient waiting(listener.address());
  await(listener.fd(), POLLIN);
  FullTable full(0);
  std::vector<mux::UniqueFd> taken;
  {
    const auto thief = hooks::accept4.use([&, calls = 0](int) mutable -> std::optional<int> {
      if (++calls == 2) taken.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      return std::nullopt;
    });
    EXPECT_EQ(listener.accept(0).status, IoStatus::Failed);
    ASSERT_EQ(taken.size(), 1u);
    EXPECT_EQ(listener.accept(0).status, IoStatus::Failed);
  }
  taken.clear();
  Socket served = unit::acceptOne(listener);
  EXPECT_EQ(served.send("hello").status, IoStatus::Done);
  EXPECT_EQ(waiting.receive(5), "hello");
}

TEST(Listener, GivesBackEveryDescriptor) {
  const std::size_t before = unit::openDescriptors().size();
  {
    Listener listener(anyPort());
    const TestClient client(listener.address());
    const Socket served = unit::acceptOne(listener);
  }
  EXPECT_EQ(unit::openDescriptors().size(), before);
}

}  // namespace
