// Lab 05: one loop accepts; the others, each in its own thread, serve the clients it hands them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/echo_connection.hpp"
#include "common/inet_address.hpp"
#include "common/log.hpp"
#include "common/options.hpp"
#include "common/socket.hpp"
#include "common/stop_event.hpp"
#include "labs/05_cross_thread_wakeup/event_loop.hpp"

namespace lab05 {

class LoopServer {
 public:
  // Listens on options.address, and starts options.threads workers. Throws std::system_error that
  // names what failed, and UsageError for an unknown options.wakeup.
  explicit LoopServer(const mux::Options& options);
  ~LoopServer() { stop(); }  // else the ticker would tick on, and its destructor wait for it

  // Any thread, or a signal handler.
  void stop() noexcept { stop_.request(); }
  mux::InetAddress address() const { return listener_.address(); }

  // Serves until stop(). Throws std::system_error if the wait fails for another reason than EINTR.
  void run() { acceptor_.run(); }

 private:
  // A loop in a thread of its own, and the clients it serves. Nothing here is locked, because all
  // but the loop's queue belongs to that thread.
  class Worker {
   public:
    Worker(const mux::Options& options, std::atomic<std::size_t>& clients);
    ~Worker() { loop_.stop(); }  // then thread_, the last member, is joined first

    // Any thread.
    void handOver(mux::Socket client);  // from here on the client belongs to this worker's thread
    void broadcast(std::shared_ptr<const std::string> line);  // to every client of this worker

   private:
    // The loop's thread.

    // Serves the client from now on. One that the kernel has no room to watch is closed, clients_
    // goes down by one, and the worker goes on.
    void adopt(mux::Socket client);

    // Writes and reads once, as far as asked and wanted, then settles.
    void serve(int fd, bool readable, bool writable);

    // Waits for what the client wants now if that is not what it wanted before, or closes it if it
    // is done: then clients_ goes down by one.
    void settle(int fd, mux::Interest before);

    std::atomic<std::size_t>& clients_;  // of the whole server: see acceptClients()
    mux::Scratch scratch_;
    mux::ConnectionTable connections_;
    mux::log::Burst refusals_;
    EventLoop loop_;
    std::jthread thread_;
  };

  // Accepts clients until nobody waits, but at most kAcceptBudget: a stop must get its turn too.
  void acceptClients();

  // A thread without a loop, for --broadcast-every: posts a line to all workers at each tick.
  void tick(int everyMs);

  mux::Listener listener_;
  mux::StopEvent stop_;
  std::atomic<std::size_t> clients_ = 0;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t next_ = 0;  // whose turn it is to get a client
  EventLoop acceptor_;
  std::jthread ticker_;
};

}  // namespace lab05
