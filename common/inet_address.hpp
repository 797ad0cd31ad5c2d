// An IPv4 or IPv6 address and a port, as the sockets API wants them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace mux {

class InetAddress {
 public:
  // `ip` is numeric: "127.0.0.1", "::1". Names are not looked up. Port 0 lets bind(2) choose.
  // Throws UsageError.
  InetAddress(const std::string& ip, std::uint16_t port);

  // The address that a bound socket ended up with: getsockname(2).
  static InetAddress localOf(int fd);
  // The other end of a connected one: getpeername(2). Both throw std::system_error.
  static InetAddress peerOf(int fd);

  std::uint16_t port() const noexcept;
  void setPort(std::uint16_t port) noexcept;
  std::string toString() const;  // "127.0.0.1:8080", "[::1]:8080"

  int family() const noexcept { return raw_.ss_family; }
  const sockaddr* raw() const noexcept { return reinterpret_cast<const sockaddr*>(&raw_); }
  socklen_t size() const noexcept;

 private:
  InetAddress() = default;

  sockaddr_storage raw_{};
};

}  // namespace mux
