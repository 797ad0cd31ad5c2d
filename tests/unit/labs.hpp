// The five servers behind one face, so that one suite can ask the same of each.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/hooks.hpp"
#include "tests/unit/support.hpp"
#include "tests/unit/test_client.hpp"

namespace unit {

class AnyServer {
 public:
  virtual ~AnyServer() = default;
  virtual void run() = 0;
  virtual void stop() = 0;
  virtual mux::InetAddress address() const = 0;
};

struct Lab {
  const char* name;
  std::unique_ptr<AnyServer> (*make)(const mux::Options& options);
  bool epoll, edgeTriggered;
  bool manyLoops;  // accepts in one thread and serves in others
};

extern const std::array<Lab, 5> kLabs;
std::vector<Lab> labsThat(bool (*condition)(const Lab& lab));

inline void PrintTo(const Lab& lab, std::ostream* out) {
  *out << lab.name;
}

// A server that runs in a thread of its own.
class RunningServer {
 public:
  explicit RunningServer(const Lab& lab, const mux::Options& options = anyPort());
  ~RunningServer();
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  mux::InetAddress address() const { return server_->address(); }
  void stop() { server_->stop(); }
  void finish();  // waits until run() has returned; throws what it threw

  // Waits until all of its threads sleep in their wait calls. Throws if they never do: it spins.
  void settle();
  void interrupt();  // sends each of them a signal that does nothing, and settles

 private:
  bool allAsleep() const;

  std::unique_ptr<AnyServer> server_;
  std::promise<void> ended_;
  std::future<void> end_ = ended_.get_future();
  std::thread thread_;
  std::vector<ThreadWatch> threads_;
};

// Lets a client send and not receive until nothing moves any more. What it sent.
std::string sendUntilStuck(TestClient& client, RunningServer& server);

// Holds a server at the entry of its wait call, so that all that happens meanwhile is one batch.
class Gate {
 public:
  // The server is asleep, and `known` is one of its clients: a message from it lets the server come
  // back to the gate.
  explicit Gate(TestClient& known);
  ~Gate() { open(); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void open();

 private:
  void pass();

  std::atomic<bool> closed_ = true;
  std::atomic<int> held_ = 0;
  Hook<int()>::Guard epollWait_;
  Hook<int(nfds_t)>::Guard poll_;
  Hook<int(int, timeval*)>::Guard select_;
};

// The fixture of a suite that is instantiated for several labs.
class ForLabs : public testing::TestWithParam<Lab> {};

#define MUXLAB_FOR_LABS(suite, labs)                             \
  INSTANTIATE_TEST_SUITE_P(Labs, suite, testing::ValuesIn(labs), \
                           [](const auto& lab) { return std::string(lab.param.name); })

}  // namespace unit
