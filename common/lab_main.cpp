#include "common/lab_main.hpp"

#include <signal.h>
#include <sys/resource.h>

#include "common/log.hpp"

namespace mux {

void prepareProcess() {
  rlimit files{};
  check(::getrlimit(RLIMIT_NOFILE, &files), "getrlimit");
  files.rlim_cur = files.rlim_max;
  check(::setrlimit(RLIMIT_NOFILE, &files), "setrlimit");

  log::stderrSink();
}

void onStopSignals(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  check(::sigaction(SIGINT, &action, nullptr), "sigaction");
  check(::sigaction(SIGTERM, &action, nullptr), "sigaction");
}

void announce(const InetAddress& address) {
  std::cout << "listening on " << address.toString() << std::endl;
}

}  // namespace mux
