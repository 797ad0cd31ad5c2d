#include "labs/00_readiness/states.hpp"

namespace lab00 {

const std::vector<Group>& allGroups() {
  static const std::vector<Group> groups{readingStates(),    writingStates(), closingStates(),
                                         connectingStates(), otherStates(),   repeatStates()};
  return groups;
}

}  // namespace lab00
