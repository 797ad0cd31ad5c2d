#include "common/lab_main.hpp"
#include "labs/01_select/select_server.hpp"

int main(int argc, char** argv) {
  return mux::labMain<lab01::SelectServer>(argc, argv);
}
