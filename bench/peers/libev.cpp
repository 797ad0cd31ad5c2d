// An echo server on libev: readiness is libev's, recv(2) and send(2) are ours.
#include <ev.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "bench/start.hpp"

namespace {

struct Client {
  ev_io readable, writable;
  std::string unsent{};  // while it is not empty we wait for room, and read nothing
};

char room[bench::kMessageRoom];

void close(struct ev_loop* loop, Client* client, int fd) {
  ev_io_stop(loop, &client->readable);
  ev_io_stop(loop, &client->writable);
  ::close(fd);
  delete client;
}

void send(struct ev_loop* loop, Client* client, int fd, const char* data, std::size_t size) {
  const ssize_t n = ::send(fd, data, size, MSG_NOSIGNAL);
  if (n == static_cast<ssize_t>(size)) return;
  if (n == -1 && errno != EAGAIN) return close(loop, client, fd);
  client->unsent = std::string(data + (n > 0 ? n : 0), data + size);
  ev_io_stop(loop, &client->readable);
  ev_io_start(loop, &client->writable);
}

void onReadable(struct ev_loop* loop, ev_io* watcher, int) {
  auto* const client = static_cast<Client*>(watcher->data);
  const ssize_t n = ::recv(watcher->fd, room, sizeof room, 0);
  if (n > 0) return send(loop, client, watcher->fd, room, static_cast<std::size_t>(n));
  if (n == 0 || errno != EAGAIN) close(loop, client, watcher->fd);
}

void onWritable(struct ev_loop* loop, ev_io* watcher, int) {
  auto* const client = static_cast<Client*>(watcher->data);
  ev_io_stop(loop, &client->writable);
  ev_io_start(loop, &client->readable);
  const std::string unsent = std::exchange(client->unsent, {});
  send(loop, client, watcher->fd, unsent.data(), unsent.size());
}

void onConnection(struct ev_loop* loop, ev_io* listener, int) {
  for (int fd; (fd = ::accept4(listener->fd, nullptr, nullptr, SOCK_NONBLOCK)) != -1;) {
    auto* const client = new Client;
    ev_io_init(&client->readable, onReadable, fd, EV_READ);
    ev_io_init(&client->writable, onWritable, fd, EV_WRITE);
    client->readable.data = client->writable.data = client;
    ev_io_start(loop, &client->readable);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string version =
      "libev " + std::to_string(ev_version_major()) + "." + std::to_string(ev_version_minor());
  ev_io listener;
  ev_io_init(&listener, onConnection,
             bench::listenOn(bench::portOf(argc, argv, version), SOCK_NONBLOCK), EV_READ);
  ev_io_start(EV_DEFAULT, &listener);
  return ev_run(EV_DEFAULT, 0);
}
