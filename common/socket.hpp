// Non-blocking TCP: a connected Socket, and the Listener that makes them.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "common/inet_address.hpp"
#include "common/log.hpp"
#include "common/options.hpp"
#include "common/unique_fd.hpp"

namespace mux {

// What a non-blocking call did. Four outcomes, four names: "would block" is never a magic 0 or -1.
enum class IoStatus { Done, WouldBlock, EndOfStream, Failed };

struct IoResult {
  IoStatus status;
  int error = 0;          // errno(3), meaningful when Failed
  std::size_t bytes = 0;  // meaningful when Done
};

// A connected TCP socket: non-blocking, close-on-exec. EINTR is retried inside.
class Socket {
 public:
  Socket() = default;
  explicit Socket(UniqueFd fd) noexcept : fd_(std::move(fd)) {}

  int fd() const noexcept { return fd_.get(); }

  // recv(2) once, into `into` (not empty). Urgent data is left where it is.
  IoResult receive(std::span<char> into) noexcept;

  // send(2) once. May take fewer than all: look at IoResult::bytes.
  IoResult send(std::string_view bytes) noexcept;

 private:
  UniqueFd fd_;
};

// Done: a client, in `socket`. WouldBlock: nobody is waiting. Failed: the one who waited is gone or
// was turned away; others may be waiting behind.
struct AcceptResult {
  IoStatus status;
  Socket socket{};
};

// A listening TCP socket: non-blocking, close-on-exec. One thread.
class Listener {
 public:
  // socket(2), bind(2) and listen(2) on options.address. Throws std::system_error that names the
  // call and the address.
  explicit Listener(const Options& options);

  int fd() const noexcept { return fd_.get(); }
  InetAddress address() const { return InetAddress::localOf(fd()); }

  // accept4(2) once. `clients`: how many are connected now; at options.maxClients the newcomer is
  // hung up on. Never throws, because whatever went wrong concerns that client only.
  AcceptResult accept(std::size_t clients);

  // Hangs up on a client that accept() gave. `why` is logged once per burst: the burst is over when
  // a client is kept.
  void refuse(Socket client, std::string_view why);

 private:
  IoStatus shedOneClient(int error);

  UniqueFd fd_;
  UniqueFd spare_;  // see shedOneClient()
  std::size_t maxClients_;
  log::Burst refusals_;
  bool kept_ = false;  // the caller kept the client that accept() gave last
};

}  // namespace mux
