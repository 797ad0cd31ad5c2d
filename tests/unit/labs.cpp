#include "tests/unit/labs.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <stdexcept>

#include "common/error.hpp"
#include "common/lab_main.hpp"
#include "labs/01_select/select_server.hpp"
#include "labs/02_poll/poll_server.hpp"
#include "labs/03_epoll_lt/epoll_server.hpp"
#include "labs/04_epoll_et/epoll_server.hpp"
#include "labs/05_cross_thread_wakeup/loop_server.hpp"

namespace unit {

namespace {

template <mux::EchoServer Server>
class Holder final : public AnyServer {
 public:
  explicit Holder(const mux::Options& options) : server_(options) {}
  void run() override { server_.run(); }
  void stop() override { server_.stop(); }
  mux::InetAddress address() const override { return server_.address(); }

 private:
  Server server_;
};

template <class Server>
std::unique_ptr<AnyServer> make(const mux::Options& options) {
  return std::make_unique<Holder<Server>>(options);
}

std::atomic<int> signalsHandled = 0;

}  // namespace

// Other files use it before main() runs.
constinit const std::array<Lab, 5> kLabs{{
    {"lab01_select", make<lab01::SelectServer>, false, false, false},
    {"lab02_poll", make<lab02::PollServer>, false, false, false},
    {"lab03_epoll_lt", make<lab03::EpollServer>, true, false, false},
    {"lab04_epoll_et", make<lab04::EpollServer>, true, true, false},
    {"lab05_event_loops", make<lab05::LoopServer>, true, false, true},
}};

std::vector<Lab> labsThat(bool (*condition)(const Lab& lab)) {
  std::vector<Lab> some;
  std::ranges::copy_if(kLabs, std::back_inserter(some), condition);
  return some;
}

RunningServer::RunningServer(const Lab& lab, const mux::Options& options) {
  const std::vector<pid_t> before = threadsOfThisProcess();
  server_ = lab.make(options);
  thread_ = std::thread([this] {
    try {
      server_->run();
      ended_.set_value();
    } catch (...) {
      ended_.set_exception(std::current_exception());
    }
  });
  std::vector<pid_t> itsOwn;
  std::ranges::set_difference(threadsOfThisProcess(), before, std::back_inserter(itsOwn));
  for (const pid_t thread : itsOwn) threads_.emplace_back(thread);
}

RunningServer::~RunningServer() {
  server_->stop();
  if (end_.valid() && end_.wait_for(kBackstop) != std::future_status::ready) {
    std::fputs("the server does not stop: giving up on this test program\n", stderr);
    std::abort();
  }
  thread_.join();
}

void RunningServer::finish() {
  if (end_.wait_for(kBackstop) != std::future_status::ready) {
    throw std::runtime_error("run() does not return");
  }
  end_.get();
}

bool RunningServer::allAsleep() const {
  return std::ranges::all_of(threads_, &ThreadWatch::isWaiting);
}

void RunningServer::settle() {
  constexpr int kLooks = 20;      // in a row without a wait call that is new
  constexpr long kSpin = 10'000;  // wait calls that nothing here can explain
  const long start = hooks::waitCalls();
  for (int looks = 0; looks < kLooks;) {
    const long calls = hooks::waitCalls();
    const bool settled =
        eventually([&] { return allAsleep() || hooks::waitCalls() - start > kSpin; });
    if (!settled) throw std::runtime_error("the server does not come back to its wait call");
    if (calls - start > kSpin) throw std::runtime_error("the server spins");
    looks = hooks::waitCalls() == calls ? looks + 1 : 0;
  }
}

void RunningServer::interrupt() {
  struct sigaction action {};
  action.sa_handler = [](int) { ++signalsHandled; };
  mux::check(::sigaction(SIGUSR1, &action, nullptr), "sigaction");
  const int target = signalsHandled + static_cast<int>(threads_.size());
  for (const ThreadWatch& thread : threads_) {
    mux::check(static_cast<int>(::syscall(SYS_tgkill, ::getpid(), thread.id(), SIGUSR1)), "tgkill");
  }
  if (!eventually([&] { return signalsHandled == target; })) {
    throw std::runtime_error("a signal was not delivered");
  }
  settle();
}

std::string sendUntilStuck(TestClient& client, RunningServer& server) {
  constexpr std::size_t kTooMuch = 64 * 1024 * 1024;  // bytes, that no kernel would keep for us
  std::string sent;
  for (unsigned seed = 0;; ++seed) {
    const std::string chunk = randomBytes(16 * 1024, seed);
    std::size_t n = client.trySend(chunk);
    if (n == 0) {
      client.awaitTaken();
      server.settle();
      n = client.trySend(chunk);
    }
    if (n == 0) return sent;
    sent.append(chunk, 0, n);
    if (sent.size() > kTooMuch) throw std::runtime_error("the server takes and takes");
  }
}

Gate::Gate(TestClient& known)
    : epollWait_(hooks::epollWait.use([this] { return pass(), std::nullopt; })),
      poll_(hooks::poll.use([this](nfds_t) { return pass(), std::nullopt; })),
      select_(hooks::select.use([this](int, timeval*) { return pass(), std::nullopt; })) {
  known.exchange("x");
  if (!eventually([&] { return held_ > 0; })) throw std::runtime_error("nobody came to the gate");
}

void Gate::open() {
  closed_ = false;
  closed_.notify_all();
}

void Gate::pass() {
  if (!closed_) return;
  ++held_;
  closed_.wait(true);
  --held_;
}

}  // namespace unit
