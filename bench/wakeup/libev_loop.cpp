#include "bench/wakeup/libev_loop.hpp"

#include <ev.h>

#include <thread>

#include "bench/wakeup/pin.hpp"
#include "bench/wakeup/queue.hpp"

namespace wakeup {
namespace {

class Libev final : public Loop {
 public:
  Libev() : loop_(ev_loop_new(EVFLAG_AUTO)) {
    ev_async_init(&async_, [](struct ev_loop*, ev_async* async, int) {
      static_cast<Queue*>(async->data)->run();
    });
    async_.data = &queue_;
    ev_async_start(loop_, &async_);
    thread_ = std::jthread([this] {
      pinToLast();
      ev_run(loop_, 0);
    });
  }
  ~Libev() override {
    post([this] { ev_break(loop_, EVBREAK_ALL); });
    thread_.join();
    ev_loop_destroy(loop_);
  }

  void post(Task task) override {
    queue_.add(std::move(task));
    ev_async_send(loop_, &async_);
  }

 private:
  struct ev_loop* loop_;
  ev_async async_;
  Queue queue_;
  std::jthread thread_;
};

}  // namespace

std::unique_ptr<Loop> makeLibevLoop() {
  return std::make_unique<Libev>();
}

}  // namespace wakeup
