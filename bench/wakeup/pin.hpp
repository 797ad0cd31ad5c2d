// Two threads on two processors: what wakes up elsewhere is what is measured here.
#pragma once

namespace wakeup {

// The thread that calls runs on the first, or the last, of the processors that the process may use:
// the same one if there is but one.
void pinToFirst();
void pinToLast();

}  // namespace wakeup
