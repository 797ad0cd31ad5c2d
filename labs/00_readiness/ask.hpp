// The question of this lab, put to select, poll and epoll: "what about this one descriptor, now?"
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "labs/00_readiness/scene.hpp"

namespace lab00 {

// What one wait reported. Names are without their prefix: "IN" is POLLIN or EPOLLIN. select has
// no bits, only three sets: "read", "write", "except".
struct Answer {
  std::vector<std::string> bits;
  std::string error;  // the name of errno ("EPERM") if the mechanism refused the question

  std::string toString() const;  // "IN OUT", "EPERM", and "-" for silence
  bool operator==(const Answer&) const = default;
};

// Everything the mechanism can ask for, with a timeout of 0: the scene is set before the question.
// "FD_SETSIZE" is the error when the descriptor's number does not fit into an fd_set.
Answer askSelect(const Scene& scene);
Answer askPoll(const Scene& scene);

// A new epoll instance, asked twice; the scene's `meanwhile` happens in between.
// `trigger` is 0 for level-triggered, EPOLLET for edge-triggered.
std::pair<Answer, Answer> askEpollTwice(const Scene& scene, std::uint32_t trigger);

}  // namespace lab00
