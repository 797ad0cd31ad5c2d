// One of the lab programs, as a process of its own.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "common/inet_address.hpp"
#include "common/unique_fd.hpp"

namespace unit {

class Program {
 public:
  // Starts build/…/bin/NAME. Its descriptors from 3 up to, but not including, `firstFree` are taken
  // before it begins.
  Program(const std::string& name, std::vector<std::string> arguments, int firstFree = 3);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  std::string firstLine();     // of its stdout, once it is there
  mux::InetAddress address();  // that it says
  void signal(int number) const;
  bool hasEnded() const;    // and waits to be asked for its status
  int exitStatus();         // waits for it; -N: killed by signal N
  std::string restOfOut();  // up to the end
  std::string err();        // all of its stderr, up to the end
  std::string errSoFar();
  int stderrReader() const noexcept { return err_.get(); }

 private:
  pid_t pid_ = -1;
  mux::UniqueFd out_, err_;
  std::string errText_;
  std::optional<int> status_;
};

}  // namespace unit
