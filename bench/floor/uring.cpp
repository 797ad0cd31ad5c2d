// Completion instead of readiness: io_uring(7). One system call hands over all requests and brings
// all results, so a message costs a fraction of a call.
#include <liburing.h>

#include <vector>

#include "bench/floor/floor.hpp"

constexpr unsigned kRequests = 4096;  // that wait to be handed over

struct Client {
  int fd;
  bool sending = false;
  int size = 0, sent = 0;  // of the reply
  std::vector<char> room = std::vector<char>(bench::kMessageRoom);
};

static io_uring ring;

static io_uring_sqe* nextRequest(Client* client) {
  io_uring_sqe* request = io_uring_get_sqe(&ring);
  while (request == nullptr) {
    io_uring_submit(&ring);
    request = io_uring_get_sqe(&ring);
  }
  io_uring_sqe_set_data(request, client);
  return request;
}

static void accept(int listener) {
  io_uring_prep_multishot_accept(nextRequest(nullptr), listener, nullptr, nullptr, 0);
}

static void receive(Client* client) {
  client->sending = false;
  io_uring_prep_recv(nextRequest(client), client->fd, client->room.data(), client->room.size(), 0);
}

static void send(Client* client) {
  client->sending = true;
  io_uring_prep_send(nextRequest(client), client->fd, client->room.data() + client->sent,
                     static_cast<std::size_t>(client->size - client->sent), MSG_NOSIGNAL);
}

// `result` is what recv(2) or send(2) would have returned, or -errno.
static void serve(Client* client, int result) {
  if (result <= 0) {
    ::close(client->fd);
    delete client;
  } else if (!client->sending) {
    client->size = result;
    client->sent = 0;
    send(client);
  } else if ((client->sent += result) < client->size) {
    send(client);
  } else {
    receive(client);
  }
}

int main(int argc, char** argv) {
  const std::uint16_t port = bench::portOf(argc, argv, "io_uring, liburing " LIBURING_VERSION);
  if (const int error = io_uring_queue_init(kRequests, &ring, 0); error != 0) {
    errno = -error;
    mux::throwErrno("io_uring_queue_init");
  }
  const int listener = bench::listenOn(port, 0);
  accept(listener);
  for (;;) {
    io_uring_submit_and_wait(&ring, 1);
    io_uring_cqe* result;
    unsigned head, count = 0;
    io_uring_for_each_cqe(&ring, head, result) {
      ++count;
      if (auto* const client = static_cast<Client*>(io_uring_cqe_get_data(result))) {
        serve(client, result->res);
      } else {
        if (result->res >= 0) receive(new Client{.fd = result->res});
        if ((result->flags & IORING_CQE_F_MORE) == 0) accept(listener);
      }
    }
    io_uring_cq_advance(&ring, count);
  }
}
