// An echo server on libevent's bare events: readiness is libevent's, recv(2) and send(2) are ours.
#include <event2/event.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "bench/start.hpp"

namespace {

struct Client {
  event *readable = nullptr, *writable = nullptr;
  std::string unsent{};  // while it is not empty we wait for room, and read nothing
};

char room[bench::kMessageRoom];

void close(Client* client, int fd) {
  event_free(client->readable);
  event_free(client->writable);
  ::close(fd);
  delete client;
}

void send(Client* client, int fd, const char* data, std::size_t size) {
  const ssize_t n = ::send(fd, data, size, MSG_NOSIGNAL);
  if (n == static_cast<ssize_t>(size)) return;
  if (n == -1 && errno != EAGAIN) return close(client, fd);
  client->unsent = std::string(data + (n > 0 ? n : 0), data + size);
  event_del(client->readable);
  event_add(client->writable, nullptr);
}

void onReadable(int fd, short, void* argument) {
  auto* const client = static_cast<Client*>(argument);
  const ssize_t n = ::recv(fd, room, sizeof room, 0);
  if (n > 0) return send(client, fd, room, static_cast<std::size_t>(n));
  if (n == 0 || errno != EAGAIN) close(client, fd);
}

void onWritable(int fd, short, void* argument) {
  auto* const client = static_cast<Client*>(argument);
  event_add(client->readable, nullptr);
  const std::string unsent = std::exchange(client->unsent, {});
  send(client, fd, unsent.data(), unsent.size());
}

void onConnection(int listener, short, void* argument) {
  auto* const base = static_cast<event_base*>(argument);
  for (int fd; (fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) != -1;) {
    auto* const client = new Client;
    client->readable = event_new(base, fd, EV_READ | EV_PERSIST, onReadable, client);
    client->writable = event_new(base, fd, EV_WRITE, onWritable, client);
    event_add(client->readable, nullptr);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint16_t port =
      bench::portOf(argc, argv, std::string("libevent ") + event_get_version());
  event_base* const base = event_base_new();
  const int listener = bench::listenOn(port, SOCK_NONBLOCK);
  event_add(event_new(base, listener, EV_READ | EV_PERSIST, onConnection, base), nullptr);
  return event_base_dispatch(base);
}
