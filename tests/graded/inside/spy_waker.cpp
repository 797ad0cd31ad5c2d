#include "spy_waker.hpp"

#include "actor.hpp"

namespace inside {

void SpyWaker::wake() noexcept {
  if (Actor* const actor = onStage()) actor->moment("before it calls wake()");
  ++wakes;
  ++waking;
  waker_->wake();
  if (whenWoken) whenWoken();
  --waking;
  if (Actor* const actor = onStage()) actor->moment("after wake()");
}

void SpyWaker::drain() noexcept {
  if (Actor* const actor = onStage()) actor->moment("before it drains the waker");
  ++drains;
  waker_->drain();
  if (Actor* const actor = onStage()) actor->moment("after it has drained the waker");
}

}  // namespace inside
