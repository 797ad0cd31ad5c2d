// Lab 01. It works with nc: who needs to be told where it listens?
#include "start.hpp"

int main(int argc, char** argv) {
  const int listener = listenAt(portFrom(argc, argv));
  echoForEver(listener);
}
