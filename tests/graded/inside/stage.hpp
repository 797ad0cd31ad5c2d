// An event loop on the test's own thread, which decides what happens when.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actor.hpp"
#include "common/unique_fd.hpp"
#include "labs/05_cross_thread_wakeup/event_loop.hpp"
#include "spy_waker.hpp"
#include "story.hpp"

namespace inside {

// The loop never really sleeps: when nothing that it waits for is ready, the next scene is played
// in its wait call. Then the wait goes on. So time stands still, and "nothing comes any more" is
// certain at once.
class Stage final : public Actor {
 public:
  using Scene = std::function<void()>;

  // Helped: before each scene, a descriptor that it watches wakes it twice. For tests that are not
  // about wake-ups, and shall not fail with those that are.
  enum class Sleeper { Helped, OnItsOwn };

  explicit Stage(Sleeper sleeper = Sleeper::Helped, const std::string& waker = "eventfd");

  lab05::EventLoop& loop() { return *loop_; }
  SpyWaker& waker() { return *waker_; }

  void whenAsleep(const std::string& text, Scene scene);  // `text` is its step
  // The last scene: run() is expected to have returned. Else the step before fails.
  void whenStillAsleep(const std::string& outcome);

  // While it is between two calls for the `number`-th time since run(), and holds no lock.
  void atMoment(int number, const std::string& text, Scene scene);
  bool hadMoment() const { return moments_ >= wanted_; }
  void moment(const std::string& when) override;  // a task or a handler may add moments

  // In a scene: the wait call fails with EINTR.
  void interruptSleep() { interrupted_ = true; }

  // Returns when all scenes have been played, or the loop was stopped by the test.
  void run(const std::string& text = "the loop runs");
  // For a test that ends the loop itself: the other scenes are not missed.
  void mayEnd() { mayEnd_ = true; }

  int timeoutMs() const { return timeoutMs_; }  // with which the loop sleeps
  int turns() const { return turns_; }          // of its wait call, since the last scene began
  Details situation() const;                    // why it sleeps, for a failure

  int wait(int epoll, epoll_event* events, int room, int timeoutMs) override;

 private:
  static constexpr int kHelps = 2;  // so that a task may post another one

  struct Entry {
    std::string text;
    Scene scene;
  };

  bool isHelped() const { return sleeper_ == Sleeper::Helped; }
  void playNext();
  void end();
  [[noreturn]] void spins() const;

  const Sleeper sleeper_;
  mux::UniqueFd bell_;
  SpyWaker* waker_;  // the loop's
  std::unique_ptr<lab05::EventLoop> loop_;
  std::vector<Entry> scenes_;
  std::size_t next_ = 0;
  int helps_ = isHelped() ? kHelps : 0;  // before the next scene
  bool interrupted_ = false;
  bool mayEnd_ = false;
  int ends_ = 0;
  int timeoutMs_ = -1;
  int turns_ = 0;
  int moments_ = 0, wanted_ = 0;
  Entry atMoment_;
};

// Its wait call returns when a descriptor is ready; until then nobody reads it.
mux::UniqueFd readable();
mux::UniqueFd silent();
void makeReadable(const mux::UniqueFd& fd);

// The last thing that a handler does when it removes itself. A loop that wrongly destroys it there
// shall fail in the tests that are about that, not everywhere.
void forgetAndClose(lab05::EventLoop& loop, mux::UniqueFd& fd);

}  // namespace inside
