// The application: send back what arrives (RFC 862). Knows nothing about select, poll or epoll.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/options.hpp"
#include "common/output_buffer.hpp"
#include "common/socket.hpp"

namespace mux {

// Where recv(2) writes and send(2) reads. One for all clients of a loop, because nothing stays in
// it from one call to the next but the prefix in front: reply() is one piece, and one send(2).
class Scratch {
 public:
  explicit Scratch(const Options& options);

  std::span<char> room() noexcept;                              // options.readSize bytes
  std::string_view reply(std::size_t received) const noexcept;  // the prefix and what room() got

 private:
  std::vector<char> bytes_;
  std::size_t prefix_;
};

// What a server should wait for on behalf of a client.
struct Interest {
  bool read;
  bool write;
  bool operator==(const Interest&) const = default;
};
inline constexpr Interest kRead{true, false};
inline constexpr Interest kNothing{false, false};

// One client. The server asks what it wants, waits for that, and calls readSome() or writeSome().
//
//   wantsRead    the client has not finished, and we are not too far behind with our replies
//   wantsWrite   replies are waiting for room in the kernel's send buffer
//   done         nothing left to do: destroy me (which closes the socket)
//
// While it is not done, a connection always wants at least one of the two; once it is, neither.
class EchoConnection {
 public:
  static constexpr std::size_t kHighWater =
      64 * 1024;  // bytes; stop reading above this: backpressure

  explicit EchoConnection(Socket socket) noexcept : socket_(std::move(socket)) {}

  bool wantsRead() const noexcept {
    return !endOfInput_ && !failed_ && unsent_.size() < kHighWater;
  }
  bool wantsWrite() const noexcept { return !failed_ && !unsent_.empty(); }
  Interest interest() const noexcept { return {wantsRead(), wantsWrite()}; }
  bool done() const noexcept { return failed_ || (endOfInput_ && unsent_.empty()); }

  // Receives once and sends the reply at once; keeps what the kernel does not take. Does nothing if
  // it does not want to read, whatever the event says. True if bytes arrived: more may be waiting.
  bool readSome(Scratch& scratch);

  // Sends once. Does nothing if it does not want to write. True if bytes left: there may be more
  // room.
  bool writeSome();

  // Sends `text` of our own behind the replies, or drops it if the client is too far behind.
  void say(std::string_view text);

 private:
  void sendOrKeep(std::string_view bytes);

  Socket socket_;
  bool endOfInput_ = false;  // the client shut down its sending half; ours may still be busy
  bool failed_ = false;      // its socket reported an error, ECONNRESET for one
  OutputBuffer unsent_;
};

// The clients of one loop. Descriptors are small integers: an index beats a hash.
class ConnectionTable {
 public:
  void add(Socket socket);  // under its descriptor's number
  void erase(int fd);       // destroys the connection, which closes fd
  EchoConnection& operator[](int fd) { return *slots_[static_cast<std::size_t>(fd)]; }
  std::size_t size() const noexcept { return size_; }

  template <class Visit>
  void forEach(Visit visit) {  // visit(fd, connection); may erase(fd)
    for (std::size_t fd = 0; fd < slots_.size(); ++fd) {
      if (slots_[fd]) visit(static_cast<int>(fd), *slots_[fd]);
    }
  }

 private:
  std::vector<std::unique_ptr<EchoConnection>> slots_;  // by descriptor
  std::size_t size_ = 0;
};

}  // namespace mux
