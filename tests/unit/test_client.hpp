// The other end of a server's connection, as the unit tests need it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "common/inet_address.hpp"
#include "common/socket.hpp"
#include "common/unique_fd.hpp"

namespace unit {

// A TCP client that gives its verdict by exceptions: what a test expects either happens or throws.
class TestClient {
 public:
  explicit TestClient(const mux::InetAddress& server);

  // Takes its descriptor now, for a test that will have none left.
  static TestClient unconnected(const mux::InetAddress& server);
  // Makes the kernel keep little for it, so that a server is soon in need of room.
  static TestClient withSmallBuffers(const mux::InetAddress& server);
  void connect();

  void send(std::string_view bytes);            // all of them
  std::size_t trySend(std::string_view bytes);  // as many as fit now
  void sendUrgent(char byte);
  void awaitDelivered() const;             // what was sent, FIN included, has reached the server
  void awaitTaken() const;                 // what the server's kernel has room for has reached it
  std::string receive(std::size_t count);  // exactly so many
  std::string receiveToEnd();              // up to the server's FIN
  std::string receiveUntilGone();          // up to its FIN or RST, whichever comes
  std::string receiveUntilGoneOr(std::size_t count);  // or until there are so many
  std::string exchange(std::string_view bytes);       // sends them, and receives as many meanwhile

  void finishSending();  // FIN: shutdown(2)
  void close() { fd_.reset(); }
  void closeWithReset();  // RST: SO_LINGER of 0
  int fd() const noexcept { return fd_.get(); }

 private:
  TestClient(mux::UniqueFd fd, const mux::InetAddress& server)
      : fd_(std::move(fd)), server_(server) {}

  bool receiveMore(std::string& bytes);  // waits; false at the end

  mux::UniqueFd fd_;
  mux::InetAddress server_;
};

// A connected pair of TCP sockets, the way a server gets its half.
struct TcpPair {
  TcpPair();

  mux::Socket server;
  TestClient client;

 private:
  explicit TcpPair(mux::Listener listener);
};

mux::Socket acceptOne(mux::Listener& listener);  // waits for it

// An AF_UNIX pair, because nothing is ever under way in it: what one end sends, the other has.
struct UnixPair {
  UnixPair();

  mux::Socket server;
  mux::UniqueFd client;
};

}  // namespace unit
