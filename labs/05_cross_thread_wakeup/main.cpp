#include "common/lab_main.hpp"
#include "labs/05_cross_thread_wakeup/loop_server.hpp"

int main(int argc, char** argv) {
  return mux::labMain<lab05::LoopServer>(argc, argv, mux::OptionSet::ManyLoops);
}
