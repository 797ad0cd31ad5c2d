#include "labs/05_cross_thread_wakeup/loop_server.hpp"

#include <poll.h>

#include "common/error.hpp"
#include "common/log.hpp"

namespace lab05 {

using namespace mux;

constexpr int kAcceptBudget = 64;  // clients a turn: a storm of connects must not starve the others

namespace {

std::uint32_t eventsOf(Interest interest) {
  return (interest.read ? EPOLLIN : 0u) | (interest.write ? EPOLLOUT : 0u);
}

}  // namespace

LoopServer::LoopServer(const Options& options)
    : listener_(options), acceptor_(makeWaker(options.wakeup)) {
  for (std::size_t i = 0; i < options.threads; ++i) {
    workers_.push_back(std::make_unique<Worker>(options, clients_));
  }
  acceptor_.watch(stop_.fd(), EPOLLIN, [this](std::uint32_t) { acceptor_.stop(); });
  acceptor_.watch(listener_.fd(), EPOLLIN, [this](std::uint32_t) { acceptClients(); });
  if (const int everyMs = options.broadcastEveryMs; everyMs != 0) {
    ticker_ = std::jthread([this, everyMs] { tick(everyMs); });
  }
}

void LoopServer::acceptClients() {
  for (int i = 0; i < kAcceptBudget; ++i) {
    AcceptResult client = listener_.accept(clients_);
    if (client.status == IoStatus::WouldBlock) return;
    if (client.status != IoStatus::Done) continue;
    ++clients_;
    workers_[next_++ % workers_.size()]->handOver(std::move(client.socket));
  }
}

void LoopServer::tick(int everyMs) {
  pollfd stopped{stop_.fd(), POLLIN, 0};
  for (int n = 1;; ++n) {
    int ready;
    do ready = ::poll(&stopped, 1, everyMs);
    while (ready == -1 && errno == EINTR);
    if (ready != 0) return;
    // One copy for all loops: whoever is the last to send it destroys it.
    const auto line = std::make_shared<const std::string>("tick " + std::to_string(n) + "\n");
    for (const auto& worker : workers_) worker->broadcast(line);
  }
}

LoopServer::Worker::Worker(const Options& options, std::atomic<std::size_t>& clients)
    : clients_(clients),
      scratch_(options),
      loop_(makeWaker(options.wakeup)),
      thread_([this] { loop_.run(); }) {
}

// The caller's thread is here, the worker's may be asleep. After post() the socket is the worker's.
void LoopServer::Worker::handOver(Socket client) {
  // Shared only because std::function must be able to copy what it holds.
  auto parcel = std::make_shared<Socket>(std::move(client));
  loop_.post([this, parcel] { adopt(std::move(*parcel)); });
}

void LoopServer::Worker::broadcast(std::shared_ptr<const std::string> line) {
  loop_.post([this, line = std::move(line)] {
    connections_.forEach([&](int fd, EchoConnection& connection) {
      const Interest before = connection.interest();
      connection.say(*line);
      settle(fd, before);
    });
  });
}

void LoopServer::Worker::adopt(Socket client) try {
  const int fd = client.fd();
  loop_.watch(fd, EPOLLIN, [this, fd](std::uint32_t events) {
    serve(fd, events & ~EPOLLOUT, events & ~EPOLLIN);  // HUP, ERR: both
  });
  connections_.add(std::move(client));
  refusals_.over();
  log::info("fd ", fd, " connected");
} catch (const std::system_error& error) {
  --clients_;
  refusals_.warn("a client is refused: ", error.what());
}

void LoopServer::Worker::serve(int fd, bool readable, bool writable) {
  EchoConnection& connection = connections_[fd];
  const Interest before = connection.interest();
  if (writable) connection.writeSome();  // first: this makes room for what readSome() will send
  if (readable) connection.readSome(scratch_);
  settle(fd, before);
}

void LoopServer::Worker::settle(int fd, Interest before) {
  EchoConnection& connection = connections_[fd];
  if (connection.done()) {
    loop_.forget(fd);  // before closing: the loop must not hear of the next client of this number
    connections_.erase(fd);
    --clients_;
    log::info("fd ", fd, " closed");
  } else if (connection.interest() != before) {
    loop_.change(fd, eventsOf(connection.interest()));
  }
}

}  // namespace lab05
