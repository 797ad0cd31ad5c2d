#include "common/debug_dump.hpp"

#include <gtest/gtest.h>

#include <array>
#include <sstream>
#include <string>

namespace {

template <class Dump>
std::string text(const Dump& dump) {
  std::ostringstream out;
  out << dump;
  return out.str();
}

epoll_event event(std::uint32_t events, int fd) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  return event;
}

TEST(DebugDump, ShowsFdSetsAsNumbersAndAsBits) {
  fd_set read{}, write{};
  FD_SET(1, &read);
  FD_SET(2, &read);
  FD_SET(5, &read);
  EXPECT_EQ(text(mux::dump(read, write, 6)), "read {1 2 5} 0010 0110, write {} 0000 0000");
}

TEST(DebugDump, ShowsWholeBytesOfAnFdSet) {
  fd_set read{}, write{};
  FD_SET(8, &write);
  EXPECT_EQ(text(mux::dump(read, write, 9)),
            "read {} 0000 0000 0000 0000, write {8} 0000 0001 0000 0000");
}

TEST(DebugDump, DoesNotLookPastTheEndOfAnFdSet) {
  fd_set read{}, write{};
  FD_SET(FD_SETSIZE - 1, &read);
  EXPECT_NE(text(mux::dump(read, write, FD_SETSIZE)).find("{1023} 1000 0000"), std::string::npos);
}

TEST(DebugDump, ShowsWhatPollIsAskedAndWhatItAnswers) {
  const std::array<pollfd, 2> entries{pollfd{3, POLLIN, 0}, pollfd{5, POLLIN | POLLOUT, POLLOUT}};
  EXPECT_EQ(text(mux::dumpAsked(entries)), "[3:IN 5:IN|OUT]");
  EXPECT_EQ(text(mux::dump(entries)), "[3:IN→- 5:IN|OUT→OUT]");
}

TEST(DebugDump, ShowsThatAPollEntryIsNoDescriptor) {
  const std::array<pollfd, 1> entries{pollfd{9, POLLIN, POLLNVAL}};
  EXPECT_EQ(text(mux::dump(entries)), "[9:IN→NVAL]");
}

TEST(DebugDump, ShowsEpollEvents) {
  const std::array<epoll_event, 2> events{event(EPOLLIN | EPOLLHUP, 5), event(EPOLLOUT, 7)};
  EXPECT_EQ(text(mux::dump(events)), "[5:IN|HUP 7:OUT]");
}

TEST(DebugDump, ShowsThatThereIsNothing) {
  EXPECT_EQ(text(mux::dump(std::span<const epoll_event>())), "[]");
  EXPECT_EQ(text(mux::EventNames{0}), "-");
}

TEST(DebugDump, NamesEveryEventThatTheLabsMeet) {
  EXPECT_EQ(text(mux::EventNames{EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP |
                                 EPOLLET}),
            "IN|PRI|OUT|ERR|HUP|RDHUP|ET");
}

}  // namespace
