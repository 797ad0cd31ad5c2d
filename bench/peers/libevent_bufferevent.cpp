// An echo server on libevent's bufferevents, as its book writes one: from input to output without a
// copy.
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "bench/start.hpp"

namespace {

void onRead(bufferevent* client, void*) {
  bufferevent_write_buffer(client, bufferevent_get_input(client));
}

void onEvent(bufferevent* client, short events, void*) {
  if (events & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) bufferevent_free(client);
}

void onConnection(evconnlistener* listener, evutil_socket_t fd, sockaddr*, int, void*) {
  bufferevent* const client =
      bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
  bufferevent_setcb(client, onRead, nullptr, onEvent, nullptr);
  bufferevent_enable(client, EV_READ | EV_WRITE);
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint16_t port =
      bench::portOf(argc, argv, std::string("libevent ") + event_get_version());
  event_base* const base = event_base_new();
  evconnlistener_new(base, onConnection, nullptr, LEV_OPT_CLOSE_ON_FREE, 0,
                     bench::listenOn(port, SOCK_NONBLOCK));
  return event_base_dispatch(base);
}
