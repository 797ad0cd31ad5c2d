#include "labs/02_poll/poll_server.hpp"

#include <algorithm>

#include "common/debug_dump.hpp"
#include "common/error.hpp"
#include "common/log.hpp"

namespace lab02 {

using namespace mux;

constexpr int kAcceptBudget = 64;  // clients a turn: a storm of connects must not starve the others

PollServer::PollServer(const Options& options)
    : options_(options), listener_(options), scratch_(options) {
  setInterest(stop_.fd(), kRead);
  setInterest(listener_.fd(), kRead);
}

void PollServer::run() {
  for (;;) {
    // poll leaves .events alone and answers in .revents: nothing is made anew.
    log::debug("poll asks:  ", dumpAsked(polled_));
    const int count = ::poll(polled_.data(), polled_.size(), options_.timeoutMs);
    if (count == -1 && errno == EINTR) continue;  // a signal: there is no answer to look at
    check(count, "poll");
    log::debug("poll tells: ", dump(polled_));
    if (count == 0) log::info("idle for ", options_.timeoutMs, " ms");
    if (polled_[0].revents != 0) return;

    // We hear how many are ready, not which: ask about every one of them.
    // Backwards: when one is removed, the last takes its place, and that one has been asked.
    for (std::size_t slot = polled_.size() - 1; slot >= 2; --slot) {
      const auto [fd, events, revents] = polled_[slot];
      if (revents != 0) serve(fd, revents & ~POLLOUT, revents & ~POLLIN);  // HUP, ERR: both
    }
    if (polled_[1].revents != 0) acceptClients();
  }
}

void PollServer::acceptClients() {
  for (int i = 0; i < kAcceptBudget; ++i) {
    AcceptResult client = listener_.accept(connections_.size());
    if (client.status == IoStatus::WouldBlock) return;
    if (client.status != IoStatus::Done) continue;
    const int fd = client.socket.fd();
    setInterest(fd, kRead);
    connections_.add(std::move(client.socket));
    log::info("fd ", fd, " connected");
  }
}

void PollServer::serve(int fd, bool readable, bool writable) {
  EchoConnection& connection = connections_[fd];
  const Interest before = connection.interest();
  if (writable) connection.writeSome();  // first: this makes room for what readSome() will send
  if (readable) connection.readSome(scratch_);
  if (connection.interest() != before) setInterest(fd, connection.interest());
  if (connection.done()) {
    connections_.erase(fd);  // after setInterest(): nothing may wait for a closed descriptor
    log::info("fd ", fd, " closed");
  }
}

void PollServer::setInterest(int fd, Interest interest) {
  auto entry = std::ranges::find(polled_, fd, &pollfd::fd);
  if (entry == polled_.end()) entry = polled_.insert(entry, {fd, 0, 0});
  entry->events = static_cast<short>((interest.read ? POLLIN : 0) | (interest.write ? POLLOUT : 0));
  if (interest == kNothing) {
    *entry = polled_.back();  // no gaps, and none of the closed: those are POLLNVAL, for ever
    polled_.pop_back();
  }
}

}  // namespace lab02
