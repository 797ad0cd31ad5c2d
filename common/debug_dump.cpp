#include "common/debug_dump.hpp"

#include <ostream>
#include <utility>

namespace mux {
namespace {

// Linux gives POLLIN and EPOLLIN the same bit, and so for the others.
static_assert(POLLIN == EPOLLIN && POLLPRI == EPOLLPRI && POLLOUT == EPOLLOUT &&
              POLLERR == EPOLLERR && POLLHUP == EPOLLHUP);

constexpr std::pair<std::uint32_t, const char*> kBits[] = {
    {EPOLLIN, "IN"},   {EPOLLPRI, "PRI"},  {EPOLLOUT, "OUT"},     {EPOLLERR, "ERR"},
    {EPOLLHUP, "HUP"}, {POLLNVAL, "NVAL"}, {EPOLLRDHUP, "RDHUP"}, {EPOLLET, "ET"},
};

EventNames names(short events) {
  return {static_cast<std::uint32_t>(events)};
}

void print(std::ostream& out, const fd_set& set, int nfds) {
  const char* separator = "";
  out << '{';
  for (int fd = 0; fd < nfds; ++fd) {
    if (FD_ISSET(fd, &set)) out << std::exchange(separator, " ") << fd;
  }
  out << "} ";
  for (int fd = (nfds + 7) / 8 * 8 - 1; fd >= 0; --fd) {
    out << (FD_ISSET(fd, &set) ? '1' : '0') << (fd % 4 == 0 && fd > 0 ? " " : "");
  }
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const EventNames& names) {
  const char* separator = "";
  for (const auto& [bit, name] : kBits) {
    if (names.events & bit) out << std::exchange(separator, "|") << name;
  }
  return names.events ? out : out << '-';
}

std::ostream& operator<<(std::ostream& out, const FdSetsDump& dump) {
  print(out << "read ", dump.read, dump.nfds);
  print(out << ", write ", dump.write, dump.nfds);
  return out;
}

std::ostream& operator<<(std::ostream& out, const PollDump& dump) {
  const char* separator = "[";
  for (const pollfd& entry : dump.entries) {
    out << std::exchange(separator, " ") << entry.fd << ':' << names(entry.events);
    if (dump.answered) out << "→" << names(entry.revents);
  }
  return out << ']';
}

std::ostream& operator<<(std::ostream& out, const EpollDump& dump) {
  const char* separator = "";
  out << '[';
  for (const epoll_event& event : dump.events) {
    out << std::exchange(separator, " ") << event.data.fd << ':' << EventNames{event.events};
  }
  return out << ']';
}

}  // namespace mux
