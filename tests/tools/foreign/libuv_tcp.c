/* libuv: uv_tcp_t, one uv_write for each read, and no more reading from a client whose queue is
 * long. */
#include <signal.h>
#include <uv.h>

#include "contract.h"

#define HIGH_WATER (64 * 1024) /* bytes queued for a client */

static struct contract options;
static long clients;

typedef struct {
  uv_write_t request;
  char* data;
} reply_t;

static void on_closed(uv_handle_t* handle) {
  free(handle);
  --clients;
}

static void hang_up(uv_stream_t* client) {
  if (!uv_is_closing((uv_handle_t*)client)) uv_close((uv_handle_t*)client, on_closed);
}

static void on_alloc(uv_handle_t* handle, size_t wanted, uv_buf_t* buffer) {
  (void)handle;
  size_t before = strlen(options.prefix);
  buffer->base = malloc(before + wanted);
  memcpy(buffer->base, options.prefix, before);
  buffer->base += before;
  buffer->len = wanted;
}

static void on_read(uv_stream_t* client, ssize_t size, const uv_buf_t* buffer);

static void on_written(uv_write_t* request, int status) {
  uv_stream_t* client = request->handle;
  free(((reply_t*)request)->data);
  free(request);
  if (status < 0)
    hang_up(client);
  else if (!uv_is_closing((uv_handle_t*)client) && uv_is_readable(client) &&
           uv_stream_get_write_queue_size(client) == 0)
    uv_read_start(client, on_alloc, on_read);
}

static void on_shut_down(uv_shutdown_t* request, int status) {
  (void)status;
  hang_up(request->handle);
  free(request);
}

static void on_read(uv_stream_t* client, ssize_t size, const uv_buf_t* buffer) {
  size_t before = strlen(options.prefix);
  char* data = buffer->base ? buffer->base - before : NULL;
  if (size > 0) {
    reply_t* reply = malloc(sizeof *reply);
    uv_buf_t whole = uv_buf_init(data, (unsigned)(before + (size_t)size));
    reply->data = data;
    if (uv_write(&reply->request, client, &whole, 1, on_written) < 0) {
      free(data);
      free(reply);
      hang_up(client);
    } else if (uv_stream_get_write_queue_size(client) > HIGH_WATER) {
      uv_read_stop(client);
    }
    return;
  }
  free(data);
  if (size == UV_EOF) { /* what is queued goes out first */
    uv_shutdown_t* request = malloc(sizeof *request);
    uv_read_stop(client);
    if (uv_shutdown(request, client, on_shut_down) < 0) {
      free(request);
      hang_up(client);
    }
  } else if (size < 0) {
    hang_up(client);
  }
}

static void on_client(uv_stream_t* listener, int status) {
  if (status < 0) return;
  uv_tcp_t* client = malloc(sizeof *client);
  uv_tcp_init(listener->loop, client);
  ++clients;
  if (uv_accept(listener, (uv_stream_t*)client) < 0 || clients > options.max_clients)
    hang_up((uv_stream_t*)client);
  else
    uv_read_start((uv_stream_t*)client, on_alloc, on_read);
}

static void close_any(uv_handle_t* handle, void* loop) {
  int is_client = handle->type == UV_TCP && handle->data != loop;
  if (!uv_is_closing(handle)) uv_close(handle, is_client ? on_closed : NULL);
}

static void on_signal(uv_signal_t* handle, int number) {
  (void)number;
  uv_walk(handle->loop, close_any, handle->loop);
}

int main(int argc, char** argv) {
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t listener;
  uv_signal_t on_term, on_int;
  uv_os_fd_t fd;
  int error;
  options = parse_options(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  uv_tcp_init(loop, &listener);
  listener.data = loop;
  if ((error = uv_tcp_bind(&listener, (const struct sockaddr*)&options.address, 0)) < 0)
    give_up("bind", uv_strerror(error));
  if ((error = uv_listen((uv_stream_t*)&listener, 511, on_client)) < 0)
    give_up("listen", uv_strerror(error));
  uv_signal_init(loop, &on_term);
  uv_signal_start(&on_term, on_signal, SIGTERM);
  uv_signal_init(loop, &on_int);
  uv_signal_start(&on_int, on_signal, SIGINT);
  uv_fileno((uv_handle_t*)&listener, &fd);
  announce(fd);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop);
}
