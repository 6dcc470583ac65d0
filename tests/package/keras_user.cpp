#include <cstdio>
#include <rcar/keras.hpp>

int main() {
  try {
    rcar::weights::is_keras_file("no such file");
  } catch (const rcar::Error& error) {
    std::printf("%s\n", error.what());
  }
}
