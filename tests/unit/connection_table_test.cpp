// ConnectionTable: which connection belongs to which descriptor.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <vector>

#include "common/echo_connection.hpp"
#include "common/error.hpp"
#include "tests/unit/support.hpp"
#include "tests/unit/test_client.hpp"

namespace {

using mux::check;
using mux::ConnectionTable;
using mux::EchoConnection;
using mux::Options;
using mux::Scratch;
using mux::Socket;
using mux::UniqueFd;
using unit::UnixPair;

TEST(ConnectionTable, KnowsItsConnectionsByDescriptor) {
  ConnectionTable table;
  UnixPair one, two;
  const int first = one.server.fd();
  const int second = two.server.fd();
  table.add(std::move(one.server));
  table.add(std::move(two.server));
  EXPECT_EQ(table.size(), 2u);
  table[second].say("hello");
  EXPECT_TRUE(unit::isReady(two.client.get(), POLLIN));
  EXPECT_FALSE(unit::isReady(one.client.get(), POLLIN));
  EXPECT_NE(&table[first], &table[second]);
}

TEST(ConnectionTable, ErasingClosesTheSocket) {
  ConnectionTable table;
  UnixPair pair;
  const int fd = pair.server.fd();
  table.add(std::move(pair.server));
  table.erase(fd);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
}

TEST(ConnectionTable, ANumberThatComesAgainIsANewConnection) {
  ConnectionTable table;
  UnixPair first;
  const int fd = first.server.fd();
  table.add(std::move(first.server));
  Scratch scratch{Options{}};
  ::shutdown(first.client.get(), SHUT_WR);
  table[fd].readSome(scratch);
  ASSERT_TRUE(table[fd].done());
  table.erase(fd);

  UnixPair second;
  ASSERT_EQ(second.server.fd(), fd);
  table.add(std::move(second.server));
  EXPECT_FALSE(table[fd].done());
  EXPECT_EQ(table.size(), 1u);
}

TEST(ConnectionTable, VisitsEachOnceAndMayEraseIt) {
  ConnectionTable table;
  std::vector<UnixPair> pairs(5);
  for (UnixPair& pair : pairs) table.add(std::move(pair.server));
  int visits = 0;
  table.forEach([&](int fd, EchoConnection&) {
    if (++visits % 2 == 0) table.erase(fd);
  });
  EXPECT_EQ(visits, 5);
  EXPECT_EQ(table.size(), 3u);
}

TEST(ConnectionTable, TakesHighDescriptors) {
  ConnectionTable table;
  UnixPair pair;
  const int high = check(::fcntl(pair.server.fd(), F_DUPFD_CLOEXEC, 900), "fcntl");
  table.add(Socket(UniqueFd(high)));
  EXPECT_EQ(table.size(), 1u);
  EXPECT_TRUE(table[high].wantsRead());
}

}  // namespace
