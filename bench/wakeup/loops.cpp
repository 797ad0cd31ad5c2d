#include "bench/wakeup/loops.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <thread>
#include <utility>

#include "bench/wakeup/libev_loop.hpp"
#include "bench/wakeup/pin.hpp"
#include "bench/wakeup/queue.hpp"
#include "common/error.hpp"
#include "common/unique_fd.hpp"
#include "labs/05_cross_thread_wakeup/event_loop.hpp"
#include "labs/05_cross_thread_wakeup/waker.hpp"

#ifdef HAVE_LIBUV
#include <uv.h>
#endif
#ifdef HAVE_LIBEVENT
#include <event2/event.h>
#include <event2/thread.h>
#endif
#ifdef HAVE_ASIO
#include <asio.hpp>
#endif

namespace wakeup {
namespace {

class Ours final : public Loop {
 public:
  explicit Ours(const std::string& waker)
      : loop_(lab05::makeWaker(waker)), thread_([this] {
          pinToLast();
          loop_.run();
        }) {}
  ~Ours() override { loop_.stop(); }

  void post(Task task) override { loop_.post(std::move(task)); }

 private:
  lab05::EventLoop loop_;
  std::jthread thread_;
};

// The least that can do it: a queue, a level-triggered eventfd, and nothing else to watch. The
// floor.
class HandWritten final : public Loop {
 public:
  explicit HandWritten(bool coalesce)
      : coalesce_(coalesce),
        wake_(mux::check(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")),
        epoll_(mux::check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
    epoll_event event{};
    event.events = EPOLLIN;
    mux::check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event), "epoll_ctl");
    thread_ = std::jthread([this] {
      pinToLast();
      run();
    });
  }
  ~HandWritten() override {
    post([this] { over_ = true; });
    thread_.join();
  }

  void post(Task task) override {
    const bool first = queue_.add(std::move(task));
    const std::uint64_t one = 1;
    if (first || !coalesce_)
      mux::check(static_cast<int>(::write(wake_.get(), &one, sizeof one)), "write");
  }

 private:
  void run() {
    while (!over_) {
      epoll_event event;
      if (::epoll_wait(epoll_.get(), &event, 1, -1) == -1) continue;
      std::uint64_t count;
      [[maybe_unused]] const auto n = ::read(wake_.get(), &count, sizeof count);
      queue_.run();
    }
  }

  const bool coalesce_;
  bool over_ = false;
  mux::UniqueFd wake_, epoll_;
  Queue queue_;
  std::jthread thread_;
};

#ifdef HAVE_LIBUV
class Libuv final : public Loop {
 public:
  Libuv() {
    uv_loop_init(&loop_);
    uv_async_init(&loop_, &async_,
                  [](uv_async_t* async) { static_cast<Libuv*>(async->data)->queue_.run(); });
    async_.data = this;
    thread_ = std::jthread([this] {
      pinToLast();
      uv_run(&loop_, UV_RUN_DEFAULT);
    });
  }
  ~Libuv() override {
    post([this] { uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr); });
    thread_.join();
    uv_loop_close(&loop_);
  }

  void post(Task task) override {
    queue_.add(std::move(task));
    uv_async_send(&async_);
  }

 private:
  uv_loop_t loop_;
  uv_async_t async_;
  Queue queue_;
  std::jthread thread_;
};
#endif

#ifdef HAVE_LIBEVENT
class Libevent final : public Loop {
 public:
  Libevent() {
    evthread_use_pthreads();
    base_ = event_base_new();
    event_ = event_new(
        base_, -1, EV_PERSIST, [](int, short, void* queue) { static_cast<Queue*>(queue)->run(); },
        &queue_);
    thread_ = std::jthread([this] {
      pinToLast();
      event_base_loop(base_, EVLOOP_NO_EXIT_ON_EMPTY);
    });
  }
  ~Libevent() override {
    post([this] { event_base_loopbreak(base_); });
    thread_.join();
    event_free(event_);
    event_base_free(base_);
  }

  void post(Task task) override {
    queue_.add(std::move(task));
    event_active(event_, EV_READ, 0);
  }

 private:
  event_base* base_;
  event* event_;
  Queue queue_;
  std::jthread thread_;
};
#endif

#ifdef HAVE_ASIO
// It waits for a descriptor as well, like any loop that serves somebody: without one, asio's loop
// sleeps on a condition variable and not in epoll_wait(2).
class Asio final : public Loop {
 public:
  Asio() : quiet_(context_, mux::check(::eventfd(0, EFD_CLOEXEC), "eventfd")) {
    quiet_.async_wait(asio::posix::descriptor_base::wait_read, [](asio::error_code) {});
    thread_ = std::jthread([this] {
      pinToLast();
      context_.run();
    });
  }
  ~Asio() override {
    post([this] { quiet_.cancel(); });  // then there is nothing left to wait for
    thread_.join();
  }

  void post(Task task) override { asio::post(context_, std::move(task)); }

 private:
  asio::io_context context_;
  asio::posix::stream_descriptor quiet_;
  std::jthread thread_;
};
#endif

}  // namespace

const std::vector<LoopKind>& loopKinds() {
  static const std::vector<LoopKind> all = [] {
    std::vector<LoopKind> kinds{
        {"floor-eventfd", [] { return std::make_unique<HandWritten>(true); }},
        {"floor-write-each", [] { return std::make_unique<HandWritten>(false); }},
    };
    for (const char* waker : {"eventfd", "eventfd-edge", "pipe", "socketpair", "tcp"}) {
      kinds.push_back(
          {std::string("EventLoop-") + waker, [waker] { return std::make_unique<Ours>(waker); }});
    }
#ifdef HAVE_LIBUV
    kinds.push_back({"libuv", [] { return std::make_unique<Libuv>(); }});
#endif
#ifdef HAVE_LIBEVENT
    kinds.push_back({"libevent", [] { return std::make_unique<Libevent>(); }});
#endif
#ifdef HAVE_LIBEV
    kinds.push_back({"libev", makeLibevLoop});
#endif
#ifdef HAVE_ASIO
    kinds.push_back({"asio", [] { return std::make_unique<Asio>(); }});
#endif
    return kinds;
  }();
  return all;
}

}  // namespace wakeup
