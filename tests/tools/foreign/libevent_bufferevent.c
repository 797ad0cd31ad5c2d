/* libevent: evconnlistener and bufferevents, with a watermark for clients that do not read. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>

#include "contract.h"

#define HIGH_WATER (64 * 1024) /* bytes in a client's output buffer */

static struct contract options;
static long clients;
static struct event* enable_again;

static void hang_up(struct bufferevent* client) {
  bufferevent_free(client);
  --clients;
}

static void on_read(struct bufferevent* client, void* arg) {
  struct evbuffer* output = bufferevent_get_output(client);
  (void)arg;
  evbuffer_add(output, options.prefix, strlen(options.prefix));
  evbuffer_add_buffer(output, bufferevent_get_input(client));
  if (evbuffer_get_length(output) > HIGH_WATER) bufferevent_disable(client, EV_READ);
}

static void on_drained(struct bufferevent* client, void* arg) {
  (void)arg;
  bufferevent_enable(client, EV_READ);
}

static void on_flushed(struct bufferevent* client, void* arg) {
  (void)arg;
  hang_up(client);
}

static void on_event(struct bufferevent* client, short what, void* arg) {
  if (what & BEV_EVENT_EOF && !(what & BEV_EVENT_WRITING) &&
      evbuffer_get_length(bufferevent_get_output(client)) > 0)
    bufferevent_setcb(client, NULL, on_flushed, on_event, arg);
  else
    hang_up(client);
}

static void on_client(struct evconnlistener* listener, evutil_socket_t fd, struct sockaddr* address,
                      int size, void* arg) {
  struct bufferevent* client;
  (void)address, (void)size, (void)arg;
  client = bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
  if (++clients > options.max_clients) {
    hang_up(client);
    return;
  }
  bufferevent_setcb(client, on_read, on_drained, on_event, NULL);
  bufferevent_enable(client, EV_READ | EV_WRITE);
}

static void on_accept_error(struct evconnlistener* listener, void* arg) {
  struct timeval later = {0, 100 * 1000};
  (void)arg;
  evconnlistener_disable(listener);
  evtimer_add(enable_again, &later);
}

static void on_enable_again(evutil_socket_t fd, short what, void* listener) {
  (void)fd, (void)what;
  evconnlistener_enable(listener);
}

static void on_signal(evutil_socket_t fd, short what, void* base) {
  (void)fd, (void)what;
  event_base_loopbreak(base);
}

int main(int argc, char** argv) {
  struct event_base* base;
  struct evconnlistener* listener;
  options = parse_options(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  base = event_base_new();
  listener = evconnlistener_new_bind(
      base, on_client, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, -1,
      (struct sockaddr*)&options.address, (int)options.address_size);
  if (!listener) give_up("listen", strerror(errno));
  enable_again = evtimer_new(base, on_enable_again, listener);
  evconnlistener_set_error_cb(listener, on_accept_error);
  evsignal_add(evsignal_new(base, SIGTERM, on_signal, base), NULL);
  evsignal_add(evsignal_new(base, SIGINT, on_signal, base), NULL);
  announce(evconnlistener_get_fd(listener));
  event_base_dispatch(base);
  return 0;
}
