#include "common/inet_address.hpp"

#include <arpa/inet.h>

#include <sstream>

#include "common/error.hpp"

namespace mux {
namespace {

// sockaddr_storage is large and aligned enough for every family: that is what it exists for.
template <class Address, class Storage>
auto& as(Storage& raw) {
  return reinterpret_cast<Address&>(raw);
}

}  // namespace

InetAddress::InetAddress(const std::string& ip, std::uint16_t port) {
  in_addr v4{};
  in6_addr v6{};
  if (::inet_pton(AF_INET, ip.c_str(), &v4) == 1) {
    raw_.ss_family = AF_INET;
    as<sockaddr_in>(raw_).sin_addr = v4;
  } else if (::inet_pton(AF_INET6, ip.c_str(), &v6) == 1) {
    raw_.ss_family = AF_INET6;
    as<sockaddr_in6>(raw_).sin6_addr = v6;
  } else {
    throw UsageError("'" + ip + "' is not an IPv4 or IPv6 address such as 127.0.0.1 or ::1");
  }
  setPort(port);
}

InetAddress InetAddress::localOf(int fd) {
  InetAddress address;
  socklen_t length = sizeof address.raw_;
  check(::getsockname(fd, reinterpret_cast<sockaddr*>(&address.raw_), &length), "getsockname");
  return address;
}

InetAddress InetAddress::peerOf(int fd) {
  InetAddress address;
  socklen_t length = sizeof address.raw_;
  check(::getpeername(fd, reinterpret_cast<sockaddr*>(&address.raw_), &length), "getpeername");
  return address;
}

std::uint16_t InetAddress::port() const noexcept {
  return ntohs(family() == AF_INET ? as<const sockaddr_in>(raw_).sin_port
                                   : as<const sockaddr_in6>(raw_).sin6_port);
}

void InetAddress::setPort(std::uint16_t port) noexcept {
  (family() == AF_INET ? as<sockaddr_in>(raw_).sin_port : as<sockaddr_in6>(raw_).sin6_port) =
      htons(port);
}

std::string InetAddress::toString() const {
  char ip[INET6_ADDRSTRLEN];
  std::ostringstream text;
  if (family() == AF_INET) {
    ::inet_ntop(AF_INET, &as<const sockaddr_in>(raw_).sin_addr, ip, sizeof ip);
    text << ip << ':' << port();
  } else {
    ::inet_ntop(AF_INET6, &as<const sockaddr_in6>(raw_).sin6_addr, ip, sizeof ip);
    text << '[' << ip << "]:" << port();
  }
  return text.str();
}

socklen_t InetAddress::size() const noexcept {
  return family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

}  // namespace mux
