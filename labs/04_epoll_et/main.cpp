#include "common/lab_main.hpp"
#include "labs/04_epoll_et/epoll_server.hpp"

int main(int argc, char** argv) {
  return mux::labMain<lab04::EpollServer>(argc, argv);
}
