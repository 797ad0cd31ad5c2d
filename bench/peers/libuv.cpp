// An echo server on libuv, as its guide writes one: each read has a buffer of its own, which lives
// until its reply is written.
#include <uv.h>

#include <cstdlib>

#include "bench/start.hpp"

namespace {

void check(int result, const char* call) {
  if (result >= 0) return;
  std::cerr << call << ": " << uv_strerror(result) << '\n';
  std::exit(1);  // NOLINT(concurrency-mt-unsafe): the only thread
}

struct Write {
  uv_write_t request;
  char* bytes;
};

void allocate(uv_handle_t*, std::size_t, uv_buf_t* room) {
  *room = uv_buf_init(static_cast<char*>(std::malloc(bench::kMessageRoom)), bench::kMessageRoom);
}

void closed(uv_handle_t* client) {
  delete reinterpret_cast<uv_tcp_t*>(client);
}

void written(uv_write_t* request, int) {
  auto* const write = reinterpret_cast<Write*>(request);
  std::free(write->bytes);
  delete write;
}

void onRead(uv_stream_t* client, ssize_t n, const uv_buf_t* room) {
  if (n < 0) uv_close(reinterpret_cast<uv_handle_t*>(client), closed);
  uv_buf_t reply = uv_buf_init(room->base, n > 0 ? static_cast<unsigned>(n) : 0);
  if (n <= 0) return std::free(room->base);
  auto* const write = new Write{{}, reply.base};
  uv_write(&write->request, client, &reply, 1, written);
}

void onConnection(uv_stream_t* listener, int status) {
  if (status < 0) return;
  auto* const client = new uv_tcp_t;
  uv_tcp_init(listener->loop, client);
  if (uv_accept(listener, reinterpret_cast<uv_stream_t*>(client)) == 0) {
    uv_tcp_nodelay(client, 1);
    uv_read_start(reinterpret_cast<uv_stream_t*>(client), allocate, onRead);
  } else {
    uv_close(reinterpret_cast<uv_handle_t*>(client), closed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint16_t port = bench::portOf(argc, argv, std::string("libuv ") + uv_version_string());
  uv_tcp_t listener;
  uv_tcp_init(uv_default_loop(), &listener);
  sockaddr_in address{};
  check(uv_ip4_addr("127.0.0.1", port, &address), "uv_ip4_addr");
  check(uv_tcp_bind(&listener, reinterpret_cast<const sockaddr*>(&address), 0), "uv_tcp_bind");
  check(uv_listen(reinterpret_cast<uv_stream_t*>(&listener), SOMAXCONN, onConnection), "uv_listen");
  int size = sizeof address;
  uv_tcp_getsockname(&listener, reinterpret_cast<sockaddr*>(&address), &size);
  bench::announce(ntohs(address.sin_port));
  return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
