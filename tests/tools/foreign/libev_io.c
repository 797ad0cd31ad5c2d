/* libev: an ev_io for each direction of a client, and a buffer of fixed size in between. */
#define CONTRACT_LISTENER
#define _GNU_SOURCE
#include <ev.h>

#include "contract.h"

struct client {
  ev_io reading, writing;
  size_t size, sent; /* of the buffer: what there is, and what of it has gone */
  char data[16 * 1024];
};

static struct contract options;
static long clients;
static ev_timer enable_again;
static ev_io accepting;

static void hang_up(struct ev_loop* loop, struct client* client) {
  ev_io_stop(loop, &client->reading);
  ev_io_stop(loop, &client->writing);
  close(client->reading.fd);
  free(client);
  --clients;
}

static void on_writable(struct ev_loop* loop, ev_io* watcher, int events) {
  struct client* client = watcher->data;
  ssize_t sent =
      send(watcher->fd, client->data + client->sent, client->size - client->sent, MSG_NOSIGNAL);
  (void)events;
  if (sent == -1) {
    if (errno != EAGAIN && errno != EINTR) hang_up(loop, client);
    return;
  }
  client->sent += (size_t)sent;
  if (client->sent == client->size) { /* the buffer is empty: the other way round again */
    ev_io_stop(loop, &client->writing);
    ev_io_start(loop, &client->reading);
  }
}

static void on_readable(struct ev_loop* loop, ev_io* watcher, int events) {
  struct client* client = watcher->data;
  size_t before = strlen(options.prefix);
  ssize_t size = recv(watcher->fd, client->data + before, sizeof client->data - before, 0);
  (void)events;
  if (size == -1 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) {
    hang_up(loop, client);
    return;
  }
  memcpy(client->data, options.prefix, before);
  client->size = before + (size_t)size;
  client->sent = 0;
  ev_io_stop(loop, &client->reading);
  ev_io_start(loop, &client->writing);
}

static void on_client(struct ev_loop* loop, ev_io* watcher, int events) {
  int fd = accept4(watcher->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  struct client* client;
  (void)events;
  if (fd == -1) {
    if (errno != EAGAIN && errno != EINTR &&
        errno != ECONNABORTED) { /* no descriptors, no memory: not now */
      ev_io_stop(loop, watcher);
      ev_timer_set(&enable_again, 0.1, 0.);
      ev_timer_start(loop, &enable_again);
    }
    return;
  }
  if (clients >= options.max_clients) {
    close(fd);
    return;
  }
  ++clients;
  client = calloc(1, sizeof *client);
  client->reading.data = client->writing.data = client;
  ev_io_init(&client->reading, on_readable, fd, EV_READ);
  ev_io_init(&client->writing, on_writable, fd, EV_WRITE);
  ev_io_start(loop, &client->reading);
}

static void on_enable_again(struct ev_loop* loop, ev_timer* timer, int events) {
  (void)timer, (void)events;
  ev_io_start(loop, &accepting);
}

static void on_signal(struct ev_loop* loop, ev_signal* watcher, int events) {
  (void)watcher, (void)events;
  ev_break(loop, EVBREAK_ALL);
}

int main(int argc, char** argv) {
  struct ev_loop* loop;
  ev_signal on_term, on_int;
  int listener;
  options = parse_options(argc, argv);
  listener = listening_socket(&options, SOCK_NONBLOCK);
  loop = ev_default_loop(0);
  ev_io_init(&accepting, on_client, listener, EV_READ);
  ev_io_start(loop, &accepting);
  ev_timer_init(&enable_again, on_enable_again, 0.1, 0.);
  ev_signal_init(&on_term, on_signal, SIGTERM);
  ev_signal_start(loop, &on_term);
  ev_signal_init(&on_int, on_signal, SIGINT);
  ev_signal_start(loop, &on_int);
  announce(listener);
  ev_run(loop, 0);
  return 0;
}
