#include "labs/03_epoll_lt/epoll_server.hpp"

#include <array>

#include "common/debug_dump.hpp"
#include "common/error.hpp"
#include "common/log.hpp"

namespace lab03 {

using namespace mux;

constexpr int kAcceptBudget = 64;  // clients a turn: a storm of connects must not starve the others
constexpr int kMaxEvents = 256;    // for one call; who is left out stays ready and comes next time

EpollServer::EpollServer(const Options& options)
    : options_(options), listener_(options), scratch_(options) {
  epoll_ = UniqueFd(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
  check(setInterest(EPOLL_CTL_ADD, stop_.fd(), kRead), "epoll_ctl");
  check(setInterest(EPOLL_CTL_ADD, listener_.fd(), kRead), "epoll_ctl");
}

void EpollServer::run() {
  for (;;) {
    // The kernel keeps the interest list: we hand it nothing but room for the answer.
    std::array<epoll_event, kMaxEvents> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), kMaxEvents, options_.timeoutMs);
    if (count == -1 && errno == EINTR) continue;  // a signal: there is no answer to look at
    check(count, "epoll_wait");
    const std::span ready(events.data(), static_cast<std::size_t>(count));
    log::debug("epoll_wait tells: ", dump(ready));
    if (count == 0) log::info("idle for ", options_.timeoutMs, " ms");

    // We hear which are ready, and of no others: idle clients cost nothing here.
    for (const epoll_event& event : ready) {
      const int fd = event.data.fd;
      if (fd == stop_.fd()) return;
      if (fd == listener_.fd())
        acceptClients();
      else
        serve(fd, event.events & ~EPOLLOUT, event.events & ~EPOLLIN);  // HUP, ERR: both
    }
  }
}

void EpollServer::acceptClients() {
  for (int i = 0; i < kAcceptBudget; ++i) {
    AcceptResult client = listener_.accept(connections_.size());
    if (client.status == IoStatus::WouldBlock) return;
    if (client.status != IoStatus::Done) continue;
    const int fd = client.socket.fd();
    if (setInterest(EPOLL_CTL_ADD, fd, kRead) == -1) {
      listener_.refuse(std::move(client.socket), errnoText());
      continue;
    }
    connections_.add(std::move(client.socket));
    log::info("fd ", fd, " connected");
  }
}

void EpollServer::serve(int fd, bool readable, bool writable) {
  EchoConnection& connection = connections_[fd];
  const Interest before = connection.interest();
  if (writable) connection.writeSome();  // first: this makes room for what readSome() will send
  if (readable) connection.readSome(scratch_);
  if (connection.done()) {
    // Closing a socket takes it out of the interest list if no other descriptor refers to it. After
    // a dup(2) or a fork(2) it would stay there, until an EPOLL_CTL_DEL that came before the close.
    connections_.erase(fd);
    log::info("fd ", fd, " closed");
  } else if (connection.interest() != before) {
    check(setInterest(EPOLL_CTL_MOD, fd, connection.interest()), "epoll_ctl");
  }
}

int EpollServer::setInterest(int operation, int fd, Interest interest) {
  epoll_event event{};
  event.events = (interest.read ? EPOLLIN : 0u) | (interest.write ? EPOLLOUT : 0u);
  event.data.fd = fd;
  log::debug("epoll_ctl ", operation == EPOLL_CTL_ADD ? "adds " : "changes ", dump({&event, 1}));
  return ::epoll_ctl(epoll_.get(), operation, fd, &event);
}

}  // namespace lab03
