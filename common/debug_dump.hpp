// What a server hands to the kernel and what comes back, as text for the debug log.
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include <cstdint>
#include <iosfwd>
#include <span>

namespace mux {

// Views: nothing is formatted unless the log prints it. They borrow, so use them at once.
struct FdSetsDump {
  const fd_set& read;
  const fd_set& write;
  int nfds;
};
struct PollDump {
  std::span<const pollfd> entries;
  bool answered;  // .revents means something
};
struct EpollDump {
  std::span<const epoll_event> events;
};
struct EventNames {
  std::uint32_t events;
};

inline FdSetsDump dump(const fd_set& read, const fd_set& write, int nfds) {
  return {read, write, nfds};
}
inline PollDump dumpAsked(std::span<const pollfd> entries) {
  return {entries, false};
}
inline PollDump dump(std::span<const pollfd> entries) {
  return {entries, true};
}
inline EpollDump dump(std::span<const epoll_event> events) {
  return {events};
}

// read {1 2 5} 0010 0110, write {} 0000 0000: whole bytes, the highest bit first
std::ostream& operator<<(std::ostream& out, const FdSetsDump& dump);
std::ostream& operator<<(std::ostream& out,
                         const PollDump& dump);  // [3:IN→- 5:IN|OUT→OUT]; asked: [3:IN 5:IN|OUT]
std::ostream& operator<<(std::ostream& out, const EpollDump& dump);    // [5:IN|HUP]
std::ostream& operator<<(std::ostream& out, const EventNames& names);  // IN|OUT; - for none

}  // namespace mux
