#include "tests/unit/test_client.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "common/error.hpp"
#include "tests/unit/support.hpp"

namespace unit {

using mux::check;
using mux::UniqueFd;

namespace {

// read(2) and sendto(2), because recv and send are hooked. -1 is "would block".
ssize_t tryRead(int fd, char* into, std::size_t size) {
  ssize_t n;
  do n = ::read(fd, into, size);
  while (n == -1 && errno == EINTR);
  if (n == -1 && errno != EAGAIN) mux::throwErrno("the client's read");
  return n;
}

ssize_t tryWrite(int fd, std::string_view bytes, int flags = 0) {
  ssize_t n;
  do n = ::sendto(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | flags, nullptr, 0);
  while (n == -1 && errno == EINTR);
  if (n == -1 && errno != EAGAIN) mux::throwErrno("the client's send");
  return n;
}

UniqueFd tcpSocket(const mux::InetAddress& server) {
  return UniqueFd(check(::socket(server.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
}

}  // namespace

TestClient::TestClient(const mux::InetAddress& server) : TestClient(tcpSocket(server), server) {
  connect();
}

TestClient TestClient::unconnected(const mux::InetAddress& server) {
  return {tcpSocket(server), server};
}

TestClient TestClient::withSmallBuffers(const mux::InetAddress& server) {
  TestClient client = unconnected(server);
  // Not less: what is sent must not have to wait for acknowledgements, which may come late.
  const int small = 64 * 1024;
  check(::setsockopt(client.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small), "setsockopt");
  check(::setsockopt(client.fd(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small), "setsockopt");
  client.connect();
  return client;
}

void TestClient::connect() {
  check(::connect(fd(), server_.raw(), server_.size()), "connect");
  check(::fcntl(fd(), F_SETFL, O_NONBLOCK), "fcntl");
}

std::size_t TestClient::trySend(std::string_view bytes) {
  return static_cast<std::size_t>(std::max<ssize_t>(0, tryWrite(fd(), bytes)));
}

void TestClient::send(std::string_view bytes) {
  for (;;) {
    bytes.remove_prefix(trySend(bytes));
    if (bytes.empty()) return;
    await(fd(), POLLOUT);
  }
}

void TestClient::sendUrgent(char byte) {
  if (tryWrite(fd(), {&byte, 1}, MSG_OOB) != 1) throw std::runtime_error("no room for urgent data");
}

void TestClient::awaitDelivered() const {
  const bool delivered = eventually([&] {
    int unacknowledged = 0;
    check(::ioctl(fd(), TIOCOUTQ, &unacknowledged), "ioctl");
    return unacknowledged == 0;
  });
  if (!delivered) throw std::runtime_error("the server's kernel does not take what was sent");
}

void TestClient::awaitTaken() const {
  const bool taken = eventually([&] {
    tcp_info info{};
    socklen_t size = sizeof info;
    check(::getsockopt(fd(), IPPROTO_TCP, TCP_INFO, &info, &size), "getsockopt");
    return info.tcpi_unacked == 0 || info.tcpi_retransmits > 0 || info.tcpi_probes > 0;
  });
  if (!taken) throw std::runtime_error("what was sent is still under way");
}

std::string TestClient::receive(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t got = 0;
  while (got < count) {
    await(fd(), POLLIN);
    const ssize_t n = tryRead(fd(), bytes.data() + got, count - got);
    if (n == 0) {
      throw std::runtime_error("expected " + std::to_string(count) + " bytes, got " +
                               std::to_string(got) + ", then the end");
    }
    if (n > 0) got += static_cast<std::size_t>(n);
  }
  return bytes;
}

std::string TestClient::receiveToEnd() {
  std::string bytes;
  while (receiveMore(bytes)) {
  }
  return bytes;
}

std::string TestClient::receiveUntilGone() {
  return receiveUntilGoneOr(std::string::npos);
}

std::string TestClient::receiveUntilGoneOr(std::size_t count) {
  std::string bytes;
  try {
    while (bytes.size() < count && receiveMore(bytes)) {
    }
  } catch (const std::system_error& error) {
    if (error.code().value() != ECONNRESET) throw;
  }
  return bytes;
}

bool TestClient::receiveMore(std::string& bytes) {
  std::array<char, 65536> chunk;
  await(fd(), POLLIN);
  const ssize_t n = tryRead(fd(), chunk.data(), chunk.size());
  if (n > 0) bytes.append(chunk.data(), static_cast<std::size_t>(n));
  return n != 0;
}

std::string TestClient::exchange(std::string_view bytes) {
  std::string replies;
  std::array<char, 65536> chunk;
  const std::size_t expected = bytes.size();
  while (replies.size() < expected) {
    await(fd(), bytes.empty() ? POLLIN : POLLIN | POLLOUT);
    if (!bytes.empty()) bytes.remove_prefix(trySend(bytes));
    const ssize_t n = tryRead(fd(), chunk.data(), chunk.size());
    if (n == 0) throw std::runtime_error("the server hung up in the middle");
    if (n > 0) replies.append(chunk.data(), static_cast<std::size_t>(n));
  }
  return replies;
}

void TestClient::finishSending() {
  check(::shutdown(fd(), SHUT_WR), "shutdown");
}

void TestClient::closeWithReset() {
  const linger atOnce{1, 0};
  check(::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &atOnce, sizeof atOnce), "setsockopt");
  fd_.reset();
}

mux::Socket acceptOne(mux::Listener& listener) {
  await(listener.fd(), POLLIN);
  mux::AcceptResult accepted = listener.accept(0);
  if (accepted.status != mux::IoStatus::Done) throw std::runtime_error("nobody was accepted");
  return std::move(accepted.socket);
}

TcpPair::TcpPair() : TcpPair(mux::Listener(anyPort())) {
}

TcpPair::TcpPair(mux::Listener listener) : client(listener.address()) {
  server = acceptOne(listener);
}

UnixPair::UnixPair() {
  int ends[2];
  check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), "socketpair");
  server = mux::Socket(UniqueFd(ends[0]));
  client.reset(ends[1]);
}

}  // namespace unit
