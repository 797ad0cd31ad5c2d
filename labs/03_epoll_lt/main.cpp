#include "common/lab_main.hpp"
#include "labs/03_epoll_lt/epoll_server.hpp"

int main(int argc, char** argv) {
  return mux::labMain<lab03::EpollServer>(argc, argv);
}
