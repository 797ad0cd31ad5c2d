#include "common/lab_main.hpp"
#include "labs/02_poll/poll_server.hpp"

int main(int argc, char** argv) {
  return mux::labMain<lab02::PollServer>(argc, argv);
}
