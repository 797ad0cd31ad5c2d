// Lab 01, the handout's functions: serve() stays with a client until that has said all it has to
// say.
#include "common/error.hpp"
#include "labs/01_select/select_server.hpp"

namespace lab01 {

using namespace mux;

SelectServer::SelectServer(const Options& options)
    : options_(options), listener_(options), scratch_(options) {
  setInterest(stop_.fd(), kRead);
  setInterest(listener_.fd(), kRead);
}

void SelectServer::run() {
  for (;;) {
    fd_set readable = wantsRead_;
    check(::select(highest_ + 1, &readable, nullptr, nullptr, nullptr), "select");
    if (FD_ISSET(stop_.fd(), &readable)) return;
    for (int fd = 0; fd <= highest_; ++fd) {
      if (!FD_ISSET(fd, &readable)) continue;
      if (fd == listener_.fd())
        acceptClients();
      else
        serve(fd, true, false);
    }
  }
}

void SelectServer::acceptClients() {
  AcceptResult client = listener_.accept(connections_.size());
  if (client.status != IoStatus::Done) return;
  setInterest(client.socket.fd(), kRead);
  connections_.add(std::move(client.socket));
}

void SelectServer::serve(int fd, bool, bool) {
  EchoConnection& connection = connections_[fd];
  while (!connection.done()) {
    connection.readSome(scratch_);
    connection.writeSome();
  }
  setInterest(fd, {});
  connections_.erase(fd);
}

void SelectServer::setInterest(int fd, Interest interest) {
  interest.read ? FD_SET(fd, &wantsRead_) : FD_CLR(fd, &wantsRead_);
  if (fd > highest_) highest_ = fd;
}

}  // namespace lab01
