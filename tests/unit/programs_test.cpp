// The built programs, from outside: command line, first line, signals, and a crowded process.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/select.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "tests/unit/program.hpp"
#include "tests/unit/support.hpp"
#include "tests/unit/test_client.hpp"

namespace {

using unit::eventually;
using unit::Program;
using unit::TestClient;

std::ptrdiff_t lines(const std::string& text) {
  return std::ranges::count(text, '\n');
}

bool contains(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

class Programs : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Labs, Programs,
                         testing::Values("01_select", "02_poll", "03_epoll_lt", "04_epoll_et",
                                         "05_cross_thread_wakeup"),
                         [](const auto& lab) { return "lab" + std::string(lab.param); });

TEST_P(Programs, SayWhereTheyListenAndServe) {
  Program program(GetParam(), {"--port", "0"});
  TestClient client(program.address());
  EXPECT_EQ(client.exchange("hello"), "hello");
}

TEST_P(Programs, SayAnIPv6AddressInBrackets) {
  Program program(GetParam(), {"--host", "::1", "--port", "0"});
  try {
    EXPECT_EQ(program.firstLine().find("listening on [::1]:"), 0u);
  } catch (const std::runtime_error& error) {
    if (!contains(error.what(), "Cannot assign")) throw;
    GTEST_SKIP() << "this machine has no ::1";
  }
}

TEST_P(Programs, EndWith0OnEitherStopSignal) {
  for (const int number : {SIGINT, SIGTERM}) {
    Program program(GetParam(), {"--port", "0"});
    TestClient client(program.address());
    EXPECT_EQ(client.exchange("hello"), "hello");
    program.signal(number);
    EXPECT_EQ(program.exitStatus(), 0);
    EXPECT_EQ(client.receiveUntilGone(), "");
    EXPECT_EQ(program.restOfOut(), "");
  }
}

TEST_P(Programs, EndWith0HoweverOftenTheyAreAskedTo) {
  Program program(GetParam(), {"--port", "0"});
  const mux::InetAddress address = program.address();
  std::vector<TestClient> clients;  // so that there is something to close
  for (int i = 0; i < 100; ++i) clients.emplace_back(address).exchange("x");
  EXPECT_TRUE(eventually([&] {
    program.signal(SIGTERM);
    return program.hasEnded();
  }));
  EXPECT_EQ(program.exitStatus(), 0);
}

TEST_P(Programs, RefuseABadCommandLineInOneLine) {
  const std::vector<std::vector<std::string>> badOnes{
      {"--port", "abc"},     {"--port", "70000"}, {"--porxt", "80"}, {"--port"},
      {"--host", "nowhere"}, {"--log", "loud"},   {"8080"},          {"--max-clients", "-1"}};
  for (const auto& arguments : badOnes) {
    Program program(GetParam(), arguments);
    EXPECT_EQ(program.exitStatus(), 2) << arguments[0];
    EXPECT_EQ(program.restOfOut(), "");
    const std::string err = program.err();
    EXPECT_EQ(lines(err), 1) << err;
    EXPECT_TRUE(contains(err, arguments[0])) << err;
  }
}

TEST_P(Programs, ExplainThemselves) {
  Program program(GetParam(), {"--help"});
  EXPECT_EQ(program.exitStatus(), 0);
  EXPECT_TRUE(contains(program.restOfOut(), "--port"));
  EXPECT_EQ(program.err(), "");
}

TEST_P(Programs, SayInOneLineThatTheAddressIsTaken) {
  Program first(GetParam(), {"--port", "0"});
  const mux::InetAddress address = first.address();
  Program second(GetParam(), {"--port", std::to_string(address.port())});
  EXPECT_EQ(second.exitStatus(), 1);
  EXPECT_EQ(second.restOfOut(), "");
  const std::string err = second.err();
  EXPECT_EQ(lines(err), 1) << err;
  EXPECT_TRUE(contains(err, "bind " + address.toString() + ": Address already in use")) << err;
}

TEST_P(Programs, AreNotStoppedByALogThatNobodyReads) {
  Program program(GetParam(), {"--port", "0", "--log", "debug"});
  ::fcntl(program.stderrReader(), F_SETPIPE_SZ, 4096);
  TestClient client(program.address());
  for (int i = 0; i < 500; ++i) EXPECT_EQ(client.exchange("hello"), "hello");
  program.signal(SIGTERM);
  EXPECT_EQ(program.exitStatus(), 0);
}

TEST_P(Programs, LogNothingBelowTheLevelAskedFor) {
  Program program(GetParam(), {"--port", "0", "--log", "error"});
  EXPECT_EQ(TestClient(program.address()).exchange("hello"), "hello");
  program.signal(SIGTERM);
  EXPECT_EQ(program.exitStatus(), 0);
  EXPECT_EQ(program.err(), "");
}

TEST_P(Programs, ShowAtDebugWhatTheyAskAndWhatTheyGet) {
  Program program(GetParam(), {"--port", "0", "--log", "debug"});
  EXPECT_EQ(TestClient(program.address()).exchange("hello"), "hello");
  program.signal(SIGTERM);
  EXPECT_EQ(program.exitStatus(), 0);
  const std::string err = program.err();
  EXPECT_TRUE(contains(err, " tells: ")) << err;
  EXPECT_TRUE(contains(err, " connected\n")) << err;
}

TEST(ProgramOf05, TakesItsOwnOptions) {
  for (const char* wakeup : {"eventfd", "eventfd-edge", "socketpair", "pipe", "tcp"}) {
    Program program("05_cross_thread_wakeup",
                    {"--port", "0", "--threads", "3", "--wakeup", wakeup});
    EXPECT_EQ(TestClient(program.address()).exchange("hello"), "hello") << wakeup;
    program.signal(SIGTERM);
    EXPECT_EQ(program.exitStatus(), 0);
  }
}

TEST(ProgramOf05, RefusesAWakerThatItDoesNotKnow) {
  Program program("05_cross_thread_wakeup", {"--port", "0", "--wakeup", "telepathy"});
  EXPECT_EQ(program.exitStatus(), 2);
  EXPECT_EQ(program.restOfOut(), "");
  const std::string err = program.err();
  EXPECT_EQ(lines(err), 1) << err;
  EXPECT_TRUE(contains(err, "telepathy")) << err;
}

// Its number, not how many there are, is what a descriptor needs room for in an fd_set.
TEST(ProgramOf01, RefusesWhoDoesNotFitInAnFdSetAndServesTheRest) {
  constexpr int kRoom = 20;
  Program program("01_select", {"--port", "0", "--log", "warn"}, FD_SETSIZE - kRoom);
  const mux::InetAddress address = program.address();
  std::vector<TestClient> served;
  int refused = 0;
  while (refused < 5) {
    TestClient client(address);
    client.trySend("x");
    if (client.receiveUntilGoneOr(1) == "x") {
      served.push_back(std::move(client));
    } else {
      ++refused;
    }
    ASSERT_LT(served.size(), static_cast<std::size_t>(kRoom));
  }
  EXPECT_GT(served.size(), 10u);
  for (TestClient& client : served) EXPECT_EQ(client.exchange("hello"), "hello");
  EXPECT_EQ(lines(program.errSoFar()), 1) << program.errSoFar();  // once per burst
  EXPECT_TRUE(contains(program.errSoFar(), "does not fit in an fd_set")) << program.errSoFar();

  served.back().finishSending();  // makes room for one
  EXPECT_EQ(served.back().receiveToEnd(), "");
  TestClient next(address);
  EXPECT_EQ(next.exchange("hello"), "hello");
  EXPECT_EQ(TestClient(address).receiveUntilGone(), "");  // and so another burst begins
  EXPECT_EQ(lines(program.errSoFar()), 2) << program.errSoFar();
  program.signal(SIGTERM);
  EXPECT_EQ(program.exitStatus(), 0);
}

TEST(ProgramOf01, DoesNotStartIfItsOwnDescriptorsDoNotFitInAnFdSet) {
  for (const int firstFree : {FD_SETSIZE, FD_SETSIZE - 1, FD_SETSIZE - 2}) {
    Program program("01_select", {"--port", "0"}, firstFree);
    EXPECT_EQ(program.exitStatus(), 1);
    EXPECT_EQ(program.restOfOut(), "");
    const std::string err = program.err();
    EXPECT_EQ(lines(err), 1) << err;
  }
}

}  // namespace
