#include "labs/04_epoll_et/epoll_server.hpp"

#include <array>

#include "common/debug_dump.hpp"
#include "common/error.hpp"
#include "common/log.hpp"

namespace lab04 {

using namespace mux;

constexpr int kAcceptBudget = 64;  // clients a turn: a storm of connects must not starve the others
constexpr int kServeBudget = 16;   // reads a turn: nor must a client that never stops sending
constexpr int kMaxEvents = 256;    // for one call; who is left out stays ready and comes next time

EpollServer::EpollServer(const Options& options)
    : options_(options), listener_(options), scratch_(options) {
  epoll_ = UniqueFd(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
  check(watch(stop_.fd(), EPOLLIN), "epoll_ctl");  // level-triggered: it is never read
  check(watch(listener_.fd(), EPOLLIN | EPOLLET), "epoll_ctl");
}

void EpollServer::run() {
  for (;;) {
    // The kernel keeps the interest list: we hand it nothing but room for the answer.
    std::array<epoll_event, kMaxEvents> events;
    const int timeoutMs = ready_.empty() ? options_.timeoutMs : 0;  // look for news, or wait for it
    const int count = ::epoll_wait(epoll_.get(), events.data(), kMaxEvents, timeoutMs);
    if (count == -1 && errno == EINTR) continue;  // a signal: there is no answer to look at
    check(count, "epoll_wait");
    const std::span ready(events.data(), static_cast<std::size_t>(count));
    log::debug("epoll_wait tells: ", dump(ready));
    if (count == 0 && timeoutMs != 0) log::info("idle for ", timeoutMs, " ms");

    // We hear which are ready, and of no others: idle clients cost nothing here.
    for (const epoll_event& event : ready) {
      const int fd = event.data.fd;
      if (fd == stop_.fd()) return;
      markReady(fd);
    }
    batch_.swap(ready_);  // who is marked from here on has a turn after the next wait
    for (const int fd : batch_) {
      isReady_[static_cast<std::size_t>(fd)] = false;
      if (fd == listener_.fd())
        acceptClients();
      else
        serve(fd);
    }
    batch_.clear();
  }
}

void EpollServer::acceptClients() {
  for (int i = 0; i < kAcceptBudget; ++i) {
    AcceptResult client = listener_.accept(connections_.size());
    if (client.status == IoStatus::WouldBlock) return;
    if (client.status != IoStatus::Done) continue;
    const int fd = client.socket.fd();
    if (watch(fd, EPOLLIN | EPOLLOUT | EPOLLET) == -1) {
      listener_.refuse(std::move(client.socket), errnoText());
      continue;
    }
    connections_.add(std::move(client.socket));
    log::info("fd ", fd, " connected");
  }
  markReady(listener_.fd());  // more may be waiting, and no edge tells of them
}

void EpollServer::serve(int fd) {
  EchoConnection& connection = connections_[fd];
  // An edge is reported once. So go on until the kernel has said "would block" in each direction
  // that the client wants: only then is another edge certain to come.
  bool more = true;
  for (int i = 0; more && i < kServeBudget; ++i) {
    more = connection.writeSome();  // first: this makes room for what readSome() will send
    more |= connection.readSome(scratch_);
  }
  if (connection.done()) {
    // Closing a socket takes it out of the interest list if no other descriptor refers to it. After
    // a dup(2) or a fork(2) it would stay there, until an EPOLL_CTL_DEL that came before the close.
    connections_.erase(fd);
    log::info("fd ", fd, " closed");
  } else if (more) {
    markReady(fd);  // behind the others
  }
}

int EpollServer::watch(int fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  log::debug("epoll_ctl adds ", dump({&event, 1}));
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void EpollServer::markReady(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= isReady_.size()) isReady_.resize(index + 1);
  if (!isReady_[index]) ready_.push_back(fd);
  isReady_[index] = true;
}

}  // namespace lab04
