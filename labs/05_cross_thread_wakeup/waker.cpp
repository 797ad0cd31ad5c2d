#include "labs/05_cross_thread_wakeup/waker.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>

#include "common/error.hpp"
#include "common/inet_address.hpp"
#include "common/log.hpp"

namespace lab05 {

using namespace mux;

namespace {

// EAGAIN is fine: a channel without room is full of wake-ups that the sleeper has not seen yet.
void writeAll(int fd, const void* data, std::size_t size) noexcept {
  const int saved = errno;  // of the code that a signal handler interrupts
  while (::write(fd, data, size) == -1 && errno == EINTR) {
  }
  errno = saved;
}

UniqueFd tcpSocket() {
  return UniqueFd(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
}

}  // namespace

EventfdWaker::EventfdWaker() : fd_(check(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")) {
}

void EventfdWaker::wake() noexcept {
  const std::uint64_t one = 1;  // eventfd(2) takes eight bytes, and adds them
  writeAll(fd_.get(), &one, sizeof one);
}

void EventfdWaker::drain() noexcept {
  std::uint64_t count;  // of all the wake() calls since the last time: one read takes them all
  while (::read(fd_.get(), &count, sizeof count) == -1 && errno == EINTR) {
  }
}

void ChannelWaker::wake() noexcept {
  const char byte = 1;
  writeAll(writer_.get(), &byte, sizeof byte);
}

void ChannelWaker::drain() noexcept {
  // A short read means empty: bytes that come later make the descriptor ready again.
  std::array<char, 1024> bytes;
  ssize_t n;
  do n = ::read(reader_.get(), bytes.data(), bytes.size());
  while (n == static_cast<ssize_t>(bytes.size()) || (n == -1 && errno == EINTR));
}

std::unique_ptr<Waker> makePipeWaker() {
  int ends[2];
  check(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), "pipe2");
  return std::make_unique<ChannelWaker>(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

std::unique_ptr<Waker> makeSocketpairWaker() {
  int ends[2];
  check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), "socketpair");
  return std::make_unique<ChannelWaker>(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

std::unique_ptr<Waker> makeTcpWaker() {
  const UniqueFd listener = tcpSocket();
  const InetAddress any("127.0.0.1", 0);
  check(::bind(listener.get(), any.raw(), any.size()), "bind");
  check(::listen(listener.get(), 1), "listen");
  const InetAddress address = InetAddress::localOf(listener.get());

  UniqueFd writer = tcpSocket();
  check(::connect(writer.get(), address.raw(), address.size()), "connect");
  const std::string ours = InetAddress::localOf(writer.get()).toString();
  UniqueFd reader;
  do {  // any program on this machine can connect to a loopback port: take no one but ourselves
    reader.reset(check(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept4"));
  } while (InetAddress::peerOf(reader.get()).toString() != ours);

  const int on = 1;  // the second of two wake-ups must not wait for the first to be acknowledged
  check(::setsockopt(writer.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  check(::fcntl(writer.get(), F_SETFL, O_NONBLOCK), "fcntl");
  check(::fcntl(reader.get(), F_SETFL, O_NONBLOCK), "fcntl");
  log::info("waker: ", ours, " wakes ", address.toString(), ": two ports taken");
  return std::make_unique<ChannelWaker>(std::move(reader), std::move(writer));
}

std::unique_ptr<Waker> makeWaker(const std::string& name) {
  if (name == "eventfd") return std::make_unique<EventfdWaker>();
  if (name == "eventfd-edge") return std::make_unique<EdgeEventfdWaker>();
  if (name == "pipe") return makePipeWaker();
  if (name == "socketpair") return makeSocketpairWaker();
  if (name == "tcp") return makeTcpWaker();
  throw UsageError("--wakeup: '" + name +
                   "' is not one of eventfd, eventfd-edge, pipe, socketpair, tcp");
}

}  // namespace lab05
