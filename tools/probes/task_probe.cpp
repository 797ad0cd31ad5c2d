// The loop of lab 05 without its server, to be watched under strace: what tasks and handlers do to
// each other. One client sends a line for each scene, and receives a word from each task that runs.
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "common/error.hpp"
#include "common/lab_main.hpp"
#include "common/log.hpp"
#include "common/options.hpp"
#include "common/socket.hpp"
#include "common/unique_fd.hpp"
#include "labs/05_cross_thread_wakeup/event_loop.hpp"
#include "labs/05_cross_thread_wakeup/waker.hpp"

namespace {

using namespace mux;
using namespace lab05;

// A loop in a thread of its own.
class RunningLoop {
 public:
  explicit RunningLoop(std::unique_ptr<Waker> waker)
      : loop_(std::move(waker)), thread_([this] { loop_.run(); }) {}
  ~RunningLoop() { loop_.stop(); }
  EventLoop& operator*() { return loop_; }

 private:
  EventLoop loop_;
  std::jthread thread_;
};

// While it lives, the loop is in the middle of a task: what is posted meanwhile is one batch.
class Held {
 public:
  explicit Held(EventLoop& loop) {
    loop.post([state = state_] {
      state->begun.release();
      state->mayEnd.acquire();
    });
    state_->begun.acquire();
  }
  ~Held() { state_->mayEnd.release(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  struct State {
    std::binary_semaphore begun{0}, mayEnd{0};
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

UniqueFd counter(unsigned start) {
  return UniqueFd(check(::eventfd(start, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd"));
}

class Scenes {
 public:
  explicit Scenes(Socket client) : client_(std::move(client)) {}

  // Until the client has nothing more to ask for.
  void play() {
    const std::map<std::string_view, std::function<void()>> scenes{
        {"a task posts a task", [this] { nested(); }},
        {"three tasks, and one that throws", [this] { inOrder(); }},
        {"stop before run", [this] { stopBeforeRun(); }},
        {"two in one batch", [this] { twoInOneBatch(); }},
        {"a copy stays open", [this] { copyStaysOpen(); }},
        {"wake it 300 times", [this] { fillChannel(); }},
    };
    for (std::string line = receive(); !line.empty(); line = receive()) scenes.at(line)();
    stopWithATaskLeft();
  }

 private:
  void nested() {
    (*loop_).post([this] {
      say("the outer");
      (*loop_).post([this] { say("inner"); });
    });
  }

  // Words of different lengths: in a trace they are told apart by that.
  void inOrder() {
    const Held held(*loop_);
    (*loop_).post([this] { say("open"); });
    (*loop_).post([this] { say("write"); });
    (*loop_).post([] { throw std::runtime_error("as it is meant to"); });
    (*loop_).post([this] { say("close"); });
  }

  void stopBeforeRun() {
    EventLoop early(makeWaker("eventfd"));
    early.post([this] { say("early"); });
    early.stop();
    early.run();
  }

  // The first handler replaces the second descriptor by another one, which is not ready.
  void twoInOneBatch() {
    (*loop_).post([this] {
      one_ = counter(1);
      two_ = counter(1);
      (*loop_).watch(one_.get(), EPOLLIN, [this](std::uint32_t) { replaceTwo(); });
      (*loop_).watch(two_.get(), EPOLLIN, [this](std::uint32_t) { say("forgotten"); });
    });
  }
  void replaceTwo() {
    (*loop_).forget(two_.get());
    two_.reset();
    two_ = counter(0);
    (*loop_).watch(two_.get(), EPOLLIN, [this](std::uint32_t) { say("not ready"); });
    (*loop_).forget(one_.get());
    one_.reset();
  }

  void copyStaysOpen() {
    (*loop_).post([this] {
      UniqueFd fd = counter(1);
      copy_ = UniqueFd(check(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0), "fcntl"));
      (*loop_).watch(fd.get(), EPOLLIN, [this](std::uint32_t) { say("closed"); });
      (*loop_).forget(fd.get());
    });
  }

  void fillChannel() {
    constexpr int kMoreThanFit = 300;
    std::unique_ptr<Waker> waker = makeWaker("socketpair");
    Waker& full = *waker;
    for (int i = 0; i < kMoreThanFit; ++i) full.wake();
    woken_ = std::make_unique<RunningLoop>(std::move(waker));
    (**woken_).post([this] { say("ran"); });
  }

  void stopWithATaskLeft() {
    const Held held(*loop_);
    (*loop_).post([this] { say("last words"); });
    (*loop_).stop();
  }

  std::string receive() {
    pollfd asked{client_.fd(), POLLIN, 0};
    while (::poll(&asked, 1, -1) == -1 && errno == EINTR) {
    }
    std::string line(256, '\0');
    const IoResult got = client_.receive(line);
    line.resize(got.bytes);
    if (line.ends_with('\n')) line.pop_back();
    return line;
  }
  void say(std::string_view word) { client_.send(word); }

  Socket client_;
  UniqueFd one_, two_, copy_;
  std::unique_ptr<RunningLoop> woken_;
  RunningLoop loop_{makeWaker("eventfd")};
};

int serve(const Options& options) {
  Listener listener(options);
  announce(listener.address());
  pollfd asked{listener.fd(), POLLIN, 0};
  while (::poll(&asked, 1, -1) == -1 && errno == EINTR) {
  }
  Scenes scenes(std::move(listener.accept(0).socket));
  scenes.play();
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::optional<Options> options = parseOptions(argc, argv, OptionSet::ManyLoops);
  if (!options) return 0;
  prepareProcess();
  return serve(*options);
} catch (const std::exception& error) {
  std::cerr << argv[0] << ": " << error.what() << '\n';
  return 1;
}
