#include "labs/01_select/select_server.hpp"

#include <algorithm>

#include "common/debug_dump.hpp"
#include "common/error.hpp"
#include "common/log.hpp"

namespace lab01 {

using namespace mux;

constexpr int kAcceptBudget = 64;  // clients a turn: a storm of connects must not starve the others

SelectServer::SelectServer(const Options& options)
    : options_(options), listener_(options), scratch_(options) {
  setInterest(stop_.fd(), kRead);
  setInterest(listener_.fd(), kRead);
}

void SelectServer::run() {
  for (;;) {
    // select writes its answer over its arguments: they are made anew for every call.
    fd_set readable = wantsRead_, writable = wantsWrite_;
    timeval timeout{options_.timeoutMs / 1000, options_.timeoutMs % 1000 * 1000};
    const int nfds = highest_ + 1;  // the descriptors 0 to nfds - 1 are looked at
    log::debug("select asks:  ", dump(readable, writable, nfds));
    const int count = ::select(nfds, &readable, &writable, nullptr,
                               options_.timeoutMs == -1 ? nullptr : &timeout);
    if (count == -1 && errno == EINTR) continue;  // a signal: there is no answer to look at
    check(count, "select");
    log::debug("select tells: ", dump(readable, writable, nfds));
    if (count == 0) log::info("idle for ", options_.timeoutMs, " ms");
    if (FD_ISSET(stop_.fd(), &readable)) return;

    // We hear how many are ready, not which: ask about every one of them.
    for (int fd = 0; fd < nfds; ++fd) {
      const bool canRead = FD_ISSET(fd, &readable), canWrite = FD_ISSET(fd, &writable);
      if ((canRead || canWrite) && fd != listener_.fd()) serve(fd, canRead, canWrite);
    }
    if (FD_ISSET(listener_.fd(), &readable)) acceptClients();
  }
}

void SelectServer::acceptClients() {
  for (int i = 0; i < kAcceptBudget; ++i) {
    AcceptResult client = listener_.accept(connections_.size());
    if (client.status == IoStatus::WouldBlock) return;
    if (client.status != IoStatus::Done) continue;
    const int fd = client.socket.fd();
    if (fd >= FD_SETSIZE) {
      listener_.refuse(std::move(client.socket), "its number does not fit in an fd_set");
      continue;
    }
    setInterest(fd, kRead);
    connections_.add(std::move(client.socket));
    log::info("fd ", fd, " connected");
  }
}

void SelectServer::serve(int fd, bool readable, bool writable) {
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

void SelectServer::setInterest(int fd, Interest interest) {
  // FD_SET does not check: a descriptor past the end would overwrite whatever follows the set.
  if (fd >= FD_SETSIZE) throw std::runtime_error("select: 1024 files are open already");
  interest.read ? FD_SET(fd, &wantsRead_) : FD_CLR(fd, &wantsRead_);
  interest.write ? FD_SET(fd, &wantsWrite_) : FD_CLR(fd, &wantsWrite_);
  highest_ = std::max(highest_, fd);
  while (highest_ > 0 && !FD_ISSET(highest_, &wantsRead_) && !FD_ISSET(highest_, &wantsWrite_))
    --highest_;
}

}  // namespace lab01
