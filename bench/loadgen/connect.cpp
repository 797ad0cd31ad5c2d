#include "bench/loadgen/connect.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <string>
#include <thread>

#include "common/error.hpp"

namespace loadgen {
namespace {

using namespace mux;
using Clock = std::chrono::steady_clock;

// Of the 28,232 that Linux gives out by default; a connection that was closed keeps its own for a
// minute.
constexpr std::size_t kPortsPerAddress = 10'000;
constexpr std::size_t kAddresses = 200;  // 127.0.0.2 and on

void bindSource(int fd, std::size_t number) {
  const std::size_t host = 2 + number / kPortsPerAddress % kAddresses;
  const InetAddress source("127.0.0." + std::to_string(host), 0);
  const int on = 1;
  // The port is chosen by connect(2), which knows the other end, and may share it with other
  // targets.
  check(::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on), "setsockopt");
  check(::bind(fd, source.raw(), source.size()), "bind");
}

}  // namespace

Connector::Connector(const Options& options)
    : server_(options.host, options.port), rate_(options.connectRate), begun_(Clock::now()) {
}

UniqueFd Connector::connect() {
  if (rate_ > 0) {
    const std::chrono::duration<double> due(static_cast<double>(made_) / rate_);
    std::this_thread::sleep_until(begun_ + std::chrono::duration_cast<Clock::duration>(due));
  }
  UniqueFd fd(check(::socket(server_.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
  const bool loopback = server_.toString().starts_with("127.");
  if (loopback) bindSource(fd.get(), made_);
  const int on = 1;
  check(::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  if (::connect(fd.get(), server_.raw(), server_.size()) == -1) {
    throwErrno("connect " + server_.toString());
  }
  check(::fcntl(fd.get(), F_SETFL, O_NONBLOCK), "fcntl");
  ++made_;
  return fd;
}

}  // namespace loadgen
