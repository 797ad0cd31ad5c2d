// Standalone asio: a coroutine for each client.
#include <asio.hpp>
#include <chrono>
#include <csignal>
#include <string>

#include "contract.h"

using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

awaitable<void> echo(tcp::socket client, std::string prefix, long& clients) {
  try {
    std::string data;
    for (;;) {
      data = prefix;
      data.resize(prefix.size() + 16 * 1024);
      const std::size_t size = co_await client.async_read_some(
          asio::buffer(data.data() + prefix.size(), data.size() - prefix.size()), use_awaitable);
      co_await asio::async_write(client, asio::buffer(data.data(), prefix.size() + size),
                                 use_awaitable);
    }
  } catch (const std::system_error&) {  // the end, or an error: of this client alone
  }
  --clients;
}

awaitable<void> acceptAll(tcp::acceptor& acceptor, const contract& options) {
  static long clients = 0;
  asio::steady_timer pause(acceptor.get_executor());
  for (;;) {
    asio::error_code error;
    tcp::socket client = co_await acceptor.async_accept(asio::redirect_error(use_awaitable, error));
    if (error) {  // no descriptors, no memory: not now
      pause.expires_after(100ms);
      co_await pause.async_wait(use_awaitable);
    } else if (clients < options.max_clients) {
      ++clients;
      asio::co_spawn(acceptor.get_executor(), echo(std::move(client), options.prefix, clients),
                     asio::detached);
    }
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const contract options = parse_options(argc, argv);
  asio::io_context context(1);
  tcp::endpoint where;
  std::memcpy(where.data(), &options.address, options.address_size);
  tcp::acceptor acceptor(context, where);
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](auto, auto) { context.stop(); });
  asio::co_spawn(context, acceptAll(acceptor, options), asio::detached);
  announce(acceptor.native_handle());
  context.run();
} catch (const std::exception& error) {
  give_up("asio", error.what());
}
