// EchoConnection and its Scratch: the application without any multiplexer.
#include "common/echo_connection.hpp"

#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <random>

#include "common/error.hpp"
#include "tests/unit/hooks.hpp"
#include "tests/unit/support.hpp"
#include "tests/unit/test_client.hpp"

namespace {

using mux::check;
using mux::EchoConnection;
using mux::Options;
using mux::Scratch;
using mux::UniqueFd;
using unit::UnixPair;

class EchoConnectionTest : public testing::Test {
 protected:
  explicit EchoConnectionTest(const Options& options = {}) : scratch_(options) {}

  std::size_t clientSends(std::string_view bytes) {
    const ssize_t n = ::sendto(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL, nullptr, 0);
    return n == -1 ? 0 : static_cast<std::size_t>(n);
  }

  std::string clientReceives(std::size_t most = 10'000'000) {
    std::string bytes(most, '\0');
    const ssize_t n = ::read(client_.get(), bytes.data(), most);
    bytes.resize(n == -1 ? 0 : static_cast<std::size_t>(n));
    return bytes;
  }

  std::size_t unreadAtTheClient() const {
    int count = 0;
    check(::ioctl(client_.get(), FIONREAD, &count), "ioctl");
    return static_cast<std::size_t>(count);
  }

  // Lets the client send and not receive until the connection has had enough. What it sent.
  std::string sendUntilNotWanted() {
    std::string sent;
    for (unsigned seed = 0; connection_.wantsRead(); ++seed) {
      const std::string chunk = unit::randomBytes(4096, seed);
      sent.append(chunk, 0, clientSends(chunk));
      connection_.readSome(scratch_);
    }
    return sent;
  }

  // In small steps, so that output still waits when the connection has come below its mark.
  std::string receiveUntilReadIsWanted() {
    std::string received;
    while (!connection_.wantsRead()) {
      received += clientReceives(1000);
      connection_.writeSome();
    }
    return received;
  }

  std::string receiveTheRest() {
    std::string received;
    while (connection_.wantsWrite()) {
      received += clientReceives();
      connection_.writeSome();
    }
    return received + clientReceives();
  }

  UnixPair pair_;
  Scratch scratch_;
  EchoConnection connection_{std::move(pair_.server)};
  UniqueFd client_{std::move(pair_.client)};
};

void expectInvariant(const EchoConnection& connection) {
  const mux::Interest interest = connection.interest();
  EXPECT_EQ(interest.read, connection.wantsRead());
  EXPECT_EQ(interest.write, connection.wantsWrite());
  EXPECT_EQ(connection.done(), interest == mux::kNothing)
      << "not done and waiting for nothing, or done and still waiting";
}

TEST(Scratch, HasRoomForOneRead) {
  Options options;
  options.readSize = 7;
  options.prefix = "echo# ";
  Scratch scratch(options);
  EXPECT_EQ(scratch.room().size(), 7u);
}

TEST(Scratch, PutsThePrefixInFront) {
  Options options;
  options.prefix = "echo# ";
  Scratch scratch(options);
  for (const std::string_view text : {"first", "2nd"}) {
    std::ranges::copy(text, scratch.room().begin());
    EXPECT_EQ(scratch.reply(text.size()), "echo# " + std::string(text));
  }
}

TEST(Scratch, WithoutAPrefixRepliesWhatItGot) {
  Scratch scratch{Options{}};
  scratch.room()[0] = 'x';
  EXPECT_EQ(scratch.reply(1), "x");
}

TEST_F(EchoConnectionTest, StartsByWantingToRead) {
  EXPECT_EQ(connection_.interest(), mux::kRead);
  EXPECT_FALSE(connection_.done());
}

TEST_F(EchoConnectionTest, RepliesAtOnceAndKeepsNothing) {
  clientSends("hello");
  EXPECT_TRUE(connection_.readSome(scratch_));
  EXPECT_EQ(clientReceives(), "hello");
  EXPECT_EQ(connection_.interest(), mux::kRead);
}

TEST_F(EchoConnectionTest, ToleratesEventsThatMeanNothing) {
  EXPECT_FALSE(connection_.readSome(scratch_));
  EXPECT_FALSE(connection_.writeSome());
  EXPECT_EQ(connection_.interest(), mux::kRead);
}

TEST_F(EchoConnectionTest, IsDoneWhenTheClientHasFinished) {
  ::shutdown(client_.get(), SHUT_WR);
  EXPECT_FALSE(connection_.readSome(scratch_));
  EXPECT_TRUE(connection_.done());
  expectInvariant(connection_);
}

TEST_F(EchoConnectionTest, StopsReadingFromAClientThatDoesNotRead) {
  sendUntilNotWanted();
  EXPECT_EQ(connection_.interest(), (mux::Interest{.read = false, .write = true}));
}

TEST_F(EchoConnectionTest, KeepsNoMoreThanTheHighWaterMarkAndOneRead) {
  const std::size_t received = sendUntilNotWanted().size();
  const std::size_t unsent = received - unreadAtTheClient();
  EXPECT_GE(unsent, EchoConnection::kHighWater);
  EXPECT_LT(unsent, EchoConnection::kHighWater + scratch_.room().size());
}

TEST_F(EchoConnectionTest, ReadsNothingAboveTheHighWaterMarkWhateverEventComes) {
  sendUntilNotWanted();
  const long before = unit::hooks::recv.calls();
  clientSends("more");
  EXPECT_FALSE(connection_.readSome(scratch_));
  EXPECT_EQ(unit::hooks::recv.calls(), before);
}

TEST_F(EchoConnectionTest, GoesOnWhenTheClientReadsAgain) {
  const std::string sent = sendUntilNotWanted();
  EXPECT_TRUE(receiveTheRest() == sent);
  EXPECT_EQ(connection_.interest(), mux::kRead);
  clientSends("hello");
  EXPECT_TRUE(connection_.readSome(scratch_));
  EXPECT_EQ(clientReceives(), "hello");
}

TEST_F(EchoConnectionTest, WhatWaitsGoesFirst) {
  const std::string sent = sendUntilNotWanted();
  std::string received = receiveUntilReadIsWanted();
  ASSERT_TRUE(connection_.wantsWrite());
  received += clientReceives();  // the kernel has room now, but others wait for it
  clientSends("the last");
  connection_.readSome(scratch_);
  received += receiveTheRest();
  EXPECT_TRUE(received == sent + "the last");
}

TEST_F(EchoConnectionTest, AfterTheClientsEndItStillSendsWhatWaits) {
  const std::string sent = sendUntilNotWanted();
  std::string received = receiveUntilReadIsWanted();
  ::shutdown(client_.get(), SHUT_WR);
  connection_.readSome(scratch_);
  EXPECT_EQ(connection_.interest(), (mux::Interest{.read = false, .write = true}));
  expectInvariant(connection_);
  received += receiveTheRest();
  EXPECT_TRUE(connection_.done());
  EXPECT_TRUE(received == sent);
}

TEST_F(EchoConnectionTest, IsDoneWhenReceivingFailsThoughOutputWaits) {
  sendUntilNotWanted();
  receiveUntilReadIsWanted();
  const auto reset = unit::hooks::recv.use(unit::failing<int, void*, std::size_t>(1, ECONNRESET));
  connection_.readSome(scratch_);
  EXPECT_TRUE(connection_.done());
  expectInvariant(connection_);
}

TEST_F(EchoConnectionTest, IsDoneWhenTheReplyFindsNobody) {
  clientSends("hello");
  client_.reset();  // SIGPIPE, if it could be raised, would be now
  connection_.readSome(scratch_);
  EXPECT_TRUE(connection_.done());
  expectInvariant(connection_);
}

TEST_F(EchoConnectionTest, IsDoneWhenWhatWaitsFindsNobody) {
  sendUntilNotWanted();
  client_.reset();
  EXPECT_FALSE(connection_.writeSome());
  EXPECT_TRUE(connection_.done());
  expectInvariant(connection_);
}

TEST_F(EchoConnectionTest, SaysALineOfItsOwn) {
  connection_.say("tick\n");
  EXPECT_EQ(clientReceives(), "tick\n");
}

TEST_F(EchoConnectionTest, SaysNothingToAClientThatIsTooFarBehind) {
  const std::string sent = sendUntilNotWanted();
  connection_.say("tick\n");
  EXPECT_TRUE(receiveTheRest() == sent);
}

TEST_F(EchoConnectionTest, SaysNothingOnceItIsDone) {
  ::shutdown(client_.get(), SHUT_WR);
  connection_.readSome(scratch_);
  connection_.say("tick\n");
  EXPECT_EQ(clientReceives(), "");
  EXPECT_TRUE(connection_.done());
}

class EchoConnectionWithPrefix : public EchoConnectionTest {
 protected:
  EchoConnectionWithPrefix() : EchoConnectionTest(options()) {}
  static Options options() {
    Options options;
    options.prefix = "> ";
    options.readSize = 4;
    return options;
  }
};

TEST_F(EchoConnectionWithPrefix, ShowsWhereEachReadEnded) {
  clientSends("abcdefghij");
  while (connection_.readSome(scratch_)) {
  }
  EXPECT_EQ(clientReceives(), "> abcd> efgh> ij");
}

// While it is not done, it waits for something; whatever came, what it has received comes out.
TEST(EchoConnection, KeepsItsInvariantWhateverHappens) {
  Options options;
  options.readSize = 3000;
  Scratch scratch(options);
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    UnixPair pair;
    EchoConnection connection(std::move(pair.server));
    std::string sent, received(10'000'000, '\0');
    std::size_t got = 0;
    bool finished = false;
    const auto receive = [&](std::size_t most) {
      const ssize_t n = ::read(pair.client.get(), received.data() + got, most);
      if (n > 0) got += static_cast<std::size_t>(n);
      return n > 0;
    };
    for (int step = 0; step < 300 && !connection.done(); ++step) {
      switch (random() % 6) {
        case 0:
        case 1:
          if (!finished) {
            const std::string bytes = unit::randomBytes(random() % 30'000, random());
            const ssize_t n =
                ::sendto(pair.client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL, nullptr, 0);
            if (n > 0) sent.append(bytes, 0, static_cast<std::size_t>(n));
          }
          break;
        case 2:
          receive(random() % 30'000);
          break;
        case 3:
          connection.writeSome();
          break;
        case 4:
          connection.readSome(scratch);
          break;
        default:
          if (random() % 50 == 0 && !std::exchange(finished, true)) {
            ::shutdown(pair.client.get(), SHUT_WR);
          }
      }
      expectInvariant(connection);
    }
    ::shutdown(pair.client.get(), SHUT_WR);
    while (!connection.done()) {
      receive(100'000);
      connection.writeSome();
      connection.readSome(scratch);
    }
    while (receive(100'000)) {
    }
    received.resize(got);
    EXPECT_TRUE(received == sent);
  }
}

}  // namespace
