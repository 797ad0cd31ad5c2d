// Socket: what each system call did has a name.
#include "common/socket.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <string>
#include <string_view>

#include "tests/unit/hooks.hpp"
#include "tests/unit/support.hpp"
#include "tests/unit/test_client.hpp"

namespace {

using mux::IoResult;
using mux::IoStatus;
using unit::await;
using unit::failing;
using unit::TcpPair;
namespace hooks = unit::hooks;

TEST(Socket, ReceivesWhatWasSent) {
  TcpPair pair;
  pair.client.send("hello");
  await(pair.server.fd(), POLLIN);
  std::array<char, 64> room;
  const IoResult got = pair.server.receive(room);
  EXPECT_EQ(got.status, IoStatus::Done);
  EXPECT_EQ(std::string_view(room.data(), got.bytes), "hello");
}

TEST(Socket, NothingToReceiveIsNotTheEnd) {
  TcpPair pair;
  std::array<char, 64> room;
  EXPECT_EQ(pair.server.receive(room).status, IoStatus::WouldBlock);
}

TEST(Socket, TheEndIsNotNothing) {
  TcpPair pair;
  pair.client.finishSending();
  await(pair.server.fd(), POLLIN);
  std::array<char, 64> room;
  EXPECT_EQ(pair.server.receive(room).status, IoStatus::EndOfStream);
  EXPECT_EQ(pair.server.receive(room).status, IoStatus::EndOfStream);
}

TEST(Socket, AResetIsAFailureWithItsReason) {
  TcpPair pair;
  pair.client.closeWithReset();
  await(pair.server.fd(), POLLIN);
  std::array<char, 64> room;
  const IoResult got = pair.server.receive(room);
  EXPECT_EQ(got.status, IoStatus::Failed);
  EXPECT_EQ(got.error, ECONNRESET);
}

TEST(Socket, SaysHowMuchWasSent) {
  TcpPair pair;
  const IoResult put = pair.server.send("hello");
  EXPECT_EQ(put.status, IoStatus::Done);
  EXPECT_EQ(put.bytes, 5u);
  EXPECT_EQ(pair.client.receive(5), "hello");
}

TEST(Socket, AFullSendBufferWouldBlock) {
  TcpPair pair;
  const std::string megabyte(1024 * 1024, 'x');
  IoResult put;
  std::size_t sent = 0;
  do {
    put = pair.server.send(megabyte);
    sent += put.bytes;
    ASSERT_LT(sent, 1000 * megabyte.size());
  } while (put.status == IoStatus::Done);
  EXPECT_EQ(put.status, IoStatus::WouldBlock);
  EXPECT_NE(sent % megabyte.size(), 0u);  // the last one that fitted did so in part
}

TEST(Socket, APeerThatIsGoneIsAFailureAndNotASignal) {
  TcpPair pair;
  pair.client.finishSending();
  pair.client.closeWithReset();  // FIN and then RST: the first send(2) would raise SIGPIPE
  await(pair.server.fd(), POLLERR);
  const IoResult put = pair.server.send("hello");
  EXPECT_EQ(put.status, IoStatus::Failed);
  EXPECT_EQ(put.error, EPIPE);
}

TEST(Socket, SendingAgainAfterAResetIsAFailureAndNotASignal) {
  TcpPair pair;
  pair.client.closeWithReset();
  await(pair.server.fd(), POLLERR);
  EXPECT_EQ(pair.server.send("first").error, ECONNRESET);
  EXPECT_EQ(pair.server.send("second").error, EPIPE);
}

TEST(Socket, ASignalInTheMiddleIsNoFailure) {
  TcpPair pair;
  const auto receiving = hooks::recv.use(failing<int, void*, std::size_t>(3, EINTR));
  const auto sending = hooks::send.use(failing<int, const void*, std::size_t>(3, EINTR));
  pair.client.send("hello");
  await(pair.server.fd(), POLLIN);
  std::array<char, 64> room;
  EXPECT_EQ(pair.server.receive(room).status, IoStatus::Done);
  EXPECT_EQ(pair.server.send("hello").status, IoStatus::Done);
}

TEST(Socket, UrgentDataStaysWhereItIs) {
  TcpPair pair;
  pair.client.send("abc");
  pair.client.sendUrgent('!');
  pair.client.send("def");
  std::string got;
  while (got.size() < 6) {
    await(pair.server.fd(), POLLIN);
    std::array<char, 64> room;
    const IoResult result = pair.server.receive(room);
    ASSERT_EQ(result.status, IoStatus::Done);
    got.append(room.data(), result.bytes);
  }
  EXPECT_EQ(got, "abcdef");
}

}  // namespace
