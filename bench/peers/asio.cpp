// An echo server on standalone asio, as its tutorial writes one: each step starts the next.
#include <array>
#include <asio.hpp>
#include <memory>

#include "bench/start.hpp"

namespace {

using asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)) {
    socket_.set_option(tcp::no_delay(true));
  }

  void read() {
    socket_.async_read_some(asio::buffer(room_),
                            [self = shared_from_this()](asio::error_code error, std::size_t size) {
                              if (!error) self->write(size);
                            });
  }

 private:
  void write(std::size_t size) {
    asio::async_write(socket_, asio::buffer(room_, size),
                      [self = shared_from_this()](asio::error_code error, std::size_t) {
                        if (!error) self->read();
                      });
  }

  tcp::socket socket_;
  std::array<char, bench::kMessageRoom> room_;
};

void accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](asio::error_code error, tcp::socket socket) {
    if (!error) std::make_shared<Session>(std::move(socket))->read();
    accept(acceptor);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::string version = "asio " + std::to_string(ASIO_VERSION / 100'000) + "." +
                              std::to_string(ASIO_VERSION / 100 % 1'000) + "." +
                              std::to_string(ASIO_VERSION % 100);
  const std::uint16_t port = bench::portOf(argc, argv, version);
  asio::io_context context(1);  // one thread: some locks are left out
  tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), port});
  bench::announce(acceptor.local_endpoint().port());
  accept(acceptor);
  context.run();
}
