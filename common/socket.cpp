#include "common/socket.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>

#include <chrono>
#include <thread>

#include "common/error.hpp"

namespace mux {
namespace {

constexpr std::chrono::milliseconds kRest{10};  // between two tries to accept when all else failed

UniqueFd openSpare() {
  return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

UniqueFd openListener(const InetAddress& address) {
  UniqueFd fd(
      check(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
  const int on = 1;
  // So that the server can be started again while its last connections are in TIME_WAIT: socket(7).
  check(::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
  // Accepted sockets inherit it. A reply must not wait for the client to acknowledge the one
  // before.
  check(::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  if (::bind(fd.get(), address.raw(), address.size()) == -1) {
    throwErrno("bind " + address.toString());
  }
  if (::listen(fd.get(), SOMAXCONN) == -1) throwErrno("listen " + address.toString());
  return fd;
}

// Reads errno of the call that has just returned `result`.
IoResult classify(ssize_t result) noexcept {
  if (result != -1) return {IoStatus::Done, 0, static_cast<std::size_t>(result)};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoStatus::WouldBlock};
  return {IoStatus::Failed, errno};
}

}  // namespace

IoResult Socket::receive(std::span<char> into) noexcept {
  ssize_t n;
  do n = ::recv(fd(), into.data(), into.size(), 0);
  while (n == -1 && errno == EINTR);
  if (n == 0) return {IoStatus::EndOfStream};
  return classify(n);
}

IoResult Socket::send(std::string_view bytes) noexcept {
  ssize_t n;
  // MSG_NOSIGNAL: a peer that is gone is an error code (EPIPE), not a signal that kills us.
  do n = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  while (n == -1 && errno == EINTR);
  return classify(n);
}

Listener::Listener(const Options& options)
    : fd_(openListener(options.address)), spare_(openSpare()), maxClients_(options.maxClients) {
}

AcceptResult Listener::accept(std::size_t clients) {
  if (std::exchange(kept_, false)) refusals_.over();
  int fd;
  // Linux hands on neither O_NONBLOCK nor close-on-exec from the listener: accept(2).
  do fd = ::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  while (fd == -1 && errno == EINTR);

  if (fd != -1) {
    Socket client{UniqueFd(fd)};
    if (clients >= maxClients_) {
      refuse(std::move(client), "the limit of clients is reached");
      return {IoStatus::Failed};
    }
    kept_ = true;
    return {IoStatus::Done, std::move(client)};
  }
  switch (errno) {
    case EAGAIN:
      return {IoStatus::WouldBlock};
    case ECONNABORTED:  // the client left while it waited; the rest are what accept(2) names as
    case EPERM:         // errors of the new connection, not of the listener
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
      return {IoStatus::Failed};
    default:  // EMFILE, ENFILE, ENOMEM, ENOBUFS
      return {shedOneClient(errno)};
  }
}

void Listener::refuse(Socket client, std::string_view why) {
  kept_ = false;
  refusals_.warn("fd ", client.fd(), " refused: ", why, " (said once per burst)");
}

// The waiting client keeps the listener ready: a server that just went back to waiting would be
// woken for it again at once, for ever. So give up the spare descriptor for long enough to accept
// that client and hang up on it. Or to learn that nobody waits: accept4(2) looks for a free
// descriptor first, and says EMFILE either way.
IoStatus Listener::shedOneClient(int error) {
  spare_.reset();
  const int turnedAway = ::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC);
  const bool nobody = turnedAway == -1 && errno == EAGAIN;
  UniqueFd(turnedAway).reset();  // before openSpare(), which needs its place
  spare_ = openSpare();
  if (nobody) return IoStatus::WouldBlock;
  refusals_.warn("accept4: ", errnoText(error), ": hanging up on waiting clients");
  // Another thread took the place, or the kernel is out of memory. Nothing here can take the client
  // out of the queue, so the least bad is to be slow instead of busy.
  if (turnedAway == -1) std::this_thread::sleep_for(kRest);
  return IoStatus::Failed;
}

}  // namespace mux
